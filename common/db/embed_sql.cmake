# vibestack_embed_sql(TARGET NAMESPACE): makes a header `<this folder>/sql.h` of the .sql files in this
# folder. `get_users.sql` becomes `NAMESPACE::kGetUsers`, and `NAMESPACE::kStatements` holds them all.
function(vibestack_embed_sql target namespace)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.sql)
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(header ${CMAKE_BINARY_DIR}/embedded/${folder}/sql.h)
  set(script ${CMAKE_SOURCE_DIR}/common/db/write_sql_header.cmake)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -DHEADER=${header} -DNAMESPACE=${namespace} "-DFILES=${files}" -P ${script}
    DEPENDS ${files} ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${header})
  target_include_directories(${target} PUBLIC ${CMAKE_BINARY_DIR}/embedded)
endfunction()
