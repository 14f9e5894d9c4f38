# One folder under src/ is one layer: a library of its sources and a test executable of its tests.
#
# A layer's headers are reached through build/<preset>/include/<layer>/<layer>, a link to its folder,
# so that `#include "rollout/plan.h"` compiles only in a target that links the rollout layer.

function(slipway_precompiled_header)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")
  add_library(slipway_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_precompile_headers(slipway_precompiled PRIVATE
    <algorithm> <array> <chrono> <cstdint> <cstring> <deque> <functional> <map> <memory> <optional>
    <set> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector> <fmt/format.h>)
  target_link_libraries(slipway_precompiled PRIVATE fmt::fmt Threads::Threads)
endfunction()

function(slipway_layer name)
  cmake_parse_arguments(LAYER "" "" "DEPENDS;EXTERNAL" ${ARGN})
  set(folder ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    file(WRITE ${CMAKE_BINARY_DIR}/empty_${name}.cc "")
    set(sources ${CMAKE_BINARY_DIR}/empty_${name}.cc)
  endif()

  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include/${name})
  file(CREATE_LINK ${folder} ${CMAKE_BINARY_DIR}/include/${name}/${name} SYMBOLIC)

  add_library(slipway_${name} STATIC ${sources})
  target_include_directories(slipway_${name} PUBLIC ${CMAKE_BINARY_DIR}/include/${name})
  target_precompile_headers(slipway_${name} REUSE_FROM slipway_precompiled)
  foreach(lower ${LAYER_DEPENDS})
    target_link_libraries(slipway_${name} PUBLIC slipway_${lower})
  endforeach()
  # fmt is the one library whose header is in the precompiled header, so all targets see it.
  target_link_libraries(slipway_${name} PRIVATE ${LAYER_EXTERNAL} fmt::fmt Threads::Threads)

  if(tests)
    slipway_test(${name}_test SOURCES ${tests} DEPENDS ${name} FOLDER ${folder})
  endif()
endfunction()

# A doctest executable, run by ctest from the source tree's root so that tests find their data. The
# tests of the files APART are run side by side with the others, since they take long.
function(slipway_test name)
  cmake_parse_arguments(TEST "" "FOLDER" "SOURCES;DEPENDS;EXTERNAL;APART" ${ARGN})
  add_executable(${name} ${TEST_SOURCES} ${CMAKE_SOURCE_DIR}/tests/doctest_main.cc)
  target_precompile_headers(${name} REUSE_FROM slipway_precompiled)
  foreach(lower ${TEST_DEPENDS})
    target_link_libraries(${name} PRIVATE slipway_${lower})
  endforeach()
  target_link_libraries(${name} PRIVATE ${TEST_EXTERNAL} fmt::fmt Threads::Threads)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  set(runs ${name})
  set(others)
  foreach(file ${TEST_APART})
    add_test(NAME ${name}:${file} COMMAND ${name} --source-file=*/${file}
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    list(APPEND runs ${name}:${file})
    list(APPEND others */${file})
  endforeach()
  if(others)
    list(JOIN others "," others)
    set(others --source-file-exclude=${others})
  endif()
  add_test(NAME ${name} COMMAND ${name} ${others} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${runs} PROPERTIES TIMEOUT 600
                       ENVIRONMENT "SLIPWAY=$<TARGET_FILE:slipway>")
endfunction()
