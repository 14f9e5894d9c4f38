# Debian's libraries. Each is linked by the one layer that hides it behind a header of ours.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(FYAML REQUIRED IMPORTED_TARGET libfyaml)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
find_package(prometheus-cpp REQUIRED COMPONENTS core)

# Half of the time goes into small pieces of memory: mimalloc hands them out quicker than libc does.
# Without it all works the same.
find_library(MIMALLOC mimalloc)
function(slipway_quick_memory target)
  if(MIMALLOC AND NOT SLIPWAY_SANITIZE)
    # Nothing names it: it takes the place of malloc by being there.
    target_link_libraries(${target} PRIVATE -Wl,--push-state,--no-as-needed ${MIMALLOC}
                                            -Wl,--pop-state)
  endif()
endfunction()

set(BASE_LIBRARIES PkgConfig::SIMDJSON PkgConfig::FYAML PkgConfig::XXHASH PkgConfig::RE2 fmt::fmt
    spdlog::spdlog Threads::Threads)
set(API_LIBRARIES PkgConfig::ZSTD)
set(KUBERNETES_LIBRARIES PkgConfig::CURL OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
set(CLUSTER_LIBRARIES OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
set(CONTROLLER_LIBRARIES prometheus-cpp::core)
set(CLI_LIBRARIES)
