# vibestack_raw_services(TARGET PROTO_TARGET ROOT PROTO...): a static library TARGET with one function `Raw<Service>` for each
# service of the PROTOs below ROOT. PROTO_TARGET has the messages and stubs of the PROTOs. See raw_service.h.
function(vibestack_raw_services target proto_target root)
  set(script ${CMAKE_SOURCE_DIR}/common/rpc/write_raw_services.cmake)
  set(generated ${CMAKE_BINARY_DIR}/raw_services)
  set(sources)
  foreach(proto IN LISTS ARGN)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(outputs ${generated}/${stem}.raw.h ${generated}/${stem}.raw.cc)
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND ${CMAKE_COMMAND} -DPROTO=${root}/${proto} -DSTEM=${stem} -DGENERATED=${generated} -P ${script}
      DEPENDS ${root}/${proto} ${script}
      VERBATIM)
    list(APPEND sources ${outputs})
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} SYSTEM PUBLIC ${generated})
  target_link_libraries(${target} PUBLIC vibestack_rpc PRIVATE ${proto_target})
endfunction()
