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

set(BASE_LIBRARIES PkgConfig::SIMDJSON PkgConfig::FYAML PkgConfig::XXHASH PkgConfig::RE2 fmt::fmt
    spdlog::spdlog Threads::Threads)
set(API_LIBRARIES PkgConfig::ZSTD)
set(KUBERNETES_LIBRARIES PkgConfig::CURL OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
set(CLUSTER_LIBRARIES OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
set(CONTROLLER_LIBRARIES prometheus-cpp::core)
set(CLI_LIBRARIES)
