# Installs the CMake package `vibestack`: stubs to link with, their headers, the .proto files and the descriptor set that
# gateways read.
#
#   cmake --install BUILD --component stubs --prefix FOLDER
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/vibestack)
set(share ${CMAKE_INSTALL_DATADIR}/vibestack)

# vibestack::googleapis, vibestack::options, vibestack::user, vibestack::job
set_target_properties(vibestack_googleapis PROPERTIES EXPORT_NAME googleapis)
foreach(library options user job)
  set_target_properties(vibestack_proto_${library} PROPERTIES EXPORT_NAME ${library})
endforeach()
install(TARGETS vibestack_googleapis vibestack_proto_options vibestack_proto_user vibestack_proto_job
  EXPORT vibestack
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT stubs
  # A separate folder, because other packages install google/api too.
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vibestack-stubs COMPONENT stubs)
install(EXPORT vibestack NAMESPACE vibestack:: FILE vibestack-targets.cmake DESTINATION ${package} COMPONENT stubs)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/vibestack-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/vibestack-config.cmake
  INSTALL_DESTINATION ${package} PATH_VARS share)
# Before version 1, a minor version may break the API.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/vibestack-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/vibestack-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/vibestack-config-version.cmake
  DESTINATION ${package} COMPONENT stubs)

install(DIRECTORY ${CMAKE_SOURCE_DIR}/proto/vibestack DESTINATION ${share}/proto COMPONENT stubs FILES_MATCHING PATTERN *.proto)
foreach(proto IN LISTS VIBESTACK_GOOGLEAPIS_PROTOS)
  get_filename_component(folder ${proto} DIRECTORY)
  install(FILES ${GOOGLEAPIS_PROTO_DIR}/${proto} DESTINATION ${share}/proto/${folder} COMPONENT stubs)
endforeach()
install(FILES ${CMAKE_BINARY_DIR}/proto/vibestack.pb DESTINATION ${share} COMPONENT stubs)

# Builds all files of the component.
add_custom_target(vibestack_stubs)
add_dependencies(vibestack_stubs vibestack_proto_user vibestack_proto_job vibestack_descriptors)
