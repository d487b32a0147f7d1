# Run by vibestack_raw_services at build time: writes STEM.raw.h and STEM.raw.cc below GENERATED for the services of the file
# PROTO. It reads only the `package`, `service` and `rpc` lines of the file and ignores comments.
file(READ ${PROTO} text)
string(REGEX REPLACE "//[^\n]*" "" text "${text}")
string(REGEX REPLACE "[; \t\r\n]+" " " text "${text}")  # a semicolon would divide a CMake list

string(REGEX MATCH "package ([a-zA-Z0-9_.]+)" ignored "${text}")
set(package ${CMAKE_MATCH_1})
string(REPLACE "." "::" namespace ${package})

set(declarations "")
set(definitions "")

# Writes the class of `service`, whose methods are the lists `names` and `streams`.
macro(write_service)
  set(base "${service}::Service")
  set(quoted "")
  set(overrides "")
  set(index 0)
  foreach(name stream IN ZIP_LISTS names streams)
    set(base "${service}::WithRawCallbackMethod_${name}<\n    ${base}>")
    list(APPEND quoted "\"${name}\"")
    set(parameters "grpc::CallbackServerContext* context, const grpc::ByteBuffer* request")
    if(stream)
      string(APPEND overrides "  grpc::ServerWriteReactor<grpc::ByteBuffer>* ${name}(\n      ${parameters}) override {\n"
        "    return calls_.StartStream(${index}, *context, *request);\n  }\n")
    else()
      string(APPEND overrides "  grpc::ServerUnaryReactor* ${name}(\n      ${parameters}, grpc::ByteBuffer* response) override {\n"
        "    return calls_.StartUnary(${index}, *context, *request, *response);\n  }\n")
    endif()
    math(EXPR index "${index} + 1")
  endforeach()
  list(JOIN quoted ", " quoted)
  string(APPEND declarations "vibestack::rpc::RawService Raw${service}();\n")
  string(APPEND definitions "namespace {\n\n"
    "class ${service}Methods final : public ${base} {\n public:\n"
    "  explicit ${service}Methods(vibestack::rpc::RawCallHandler& calls) : calls_(calls) {}\n\n${overrides}\n"
    " private:\n  vibestack::rpc::RawCallHandler& calls_;\n};\n\n}  // namespace\n\n"
    "vibestack::rpc::RawService Raw${service}() {\n"
    "  return {${service}::service_full_name(), {${quoted}},\n"
    "          [](vibestack::rpc::RawCallHandler& calls) -> std::shared_ptr<grpc::Service> {\n"
    "            return std::make_shared<${service}Methods>(calls);\n          }};\n}\n\n")
endmacro()

set(service "")
string(REGEX MATCHALL
  "service [a-zA-Z0-9_]+ {|rpc [a-zA-Z0-9_]+ ?\\([^)]*\\) ?returns ?\\([^)]*\\)" lines "${text}")
foreach(line IN LISTS lines)
  if(line MATCHES "^service ([a-zA-Z0-9_]+)")
    if(service)
      write_service()
    endif()
    set(service ${CMAKE_MATCH_1})
    set(names "")
    set(streams "")
  elseif(line MATCHES "^rpc ([a-zA-Z0-9_]+) ?\\( ?(stream )?[^)]*\\) ?returns ?\\( ?(stream )?")
    if(CMAKE_MATCH_2)
      message(FATAL_ERROR "${PROTO}: ${CMAKE_MATCH_1} has a stream of requests, which no service here takes")
    endif()
    list(APPEND names ${CMAKE_MATCH_1})
    if(CMAKE_MATCH_3)
      list(APPEND streams ON)
    else()
      list(APPEND streams OFF)
    endif()
  endif()
endforeach()
if(NOT service)
  message(FATAL_ERROR "${PROTO} defines no service")
endif()
write_service()

set(head "// Generated from ${STEM}.proto by common/rpc/write_raw_services.cmake.\n")
file(WRITE ${GENERATED}/${STEM}.raw.h "${head}#pragma once\n\n#include \"common/rpc/raw_service.h\"\n\n"
  "namespace ${namespace} {\n\n${declarations}\n}  // namespace ${namespace}\n")
file(WRITE ${GENERATED}/${STEM}.raw.cc "${head}#include \"${STEM}.raw.h\"\n\n#include <memory>\n\n"
  "#include \"${STEM}.grpc.pb.h\"\n\nnamespace ${namespace} {\n\n${definitions}}  // namespace ${namespace}\n")
