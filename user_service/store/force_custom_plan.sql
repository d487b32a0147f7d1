-- Until the transaction ends, statements are planned for their very parameters: the lists' optional filters then vanish from
-- the plan when NULL, and a prefix is looked up in its index when few rows have it.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true)
