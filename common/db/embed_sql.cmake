find_program(VIBESTACK_PYTHON python3 PATHS ${CMAKE_SOURCE_DIR}/.local/venv/bin NO_DEFAULT_PATH REQUIRED)

# vibestack_embed_sql(TARGET NAMESPACE): makes the header `<this folder>/sql.h` of the .sql files in this folder. The statement
# `-- name: GetUsers` becomes `NAMESPACE::kGetUsers`, and `NAMESPACE::kStatements` holds all statements. embed_sql.py describes
# the files.
function(vibestack_embed_sql target namespace)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.sql)
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(header ${CMAKE_BINARY_DIR}/embedded/${folder}/sql.h)
  set(script ${CMAKE_SOURCE_DIR}/common/db/embed_sql.py)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${VIBESTACK_PYTHON} ${script} ${header} ${namespace} ${files}
    DEPENDS ${files} ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${header})
  target_include_directories(${target} PUBLIC ${CMAKE_BINARY_DIR}/embedded)
endfunction()
