-- How statements that write many jobs leave out the jobs that they may not write.
--
-- A trigger or a foreign key of another program may refuse the write of one job. It would fail the whole statement, each time. So
-- the store finds the job, and gives the statement the ids of such jobs as its last parameter (refused_jobs.h).
--
-- Each of these statements has a companion. It has the same parameters, and locks and returns the job that the statement would
-- write first.

-- macro: is_refused(of; ids)
{{of}}id = ANY ({{ids}}::uuid[])

-- macro: takes(parameter)
-- Always true. It gives a type to a parameter of a companion that only its statement uses.
{{parameter}} IS NOT DISTINCT FROM {{parameter}}
