# Warnings, optimisation, sanitizers, ccache and the linker: the same for every target.

# -pthread for all, since the precompiled header fits only where the same macros are defined.
add_compile_options(-pthread -Wall -Wextra -Werror -Wno-missing-field-initializers -fno-omit-frame-pointer
                    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # The field tables take offsets in types that are not standard layout, which g++ and clang define.
  add_compile_options(-Wno-invalid-offsetof -fpch-preprocess)
  # g++ 12 sees overruns in std::string's own code that are not there (its bugs 105329 and 105651).
  add_compile_options(-Wno-array-bounds -Wno-stringop-overflow -Wno-restrict)
else()
  # libstdc++ 12's own stable_sort uses a function that it deprecates, and clang tells.
  add_compile_options(-Wno-invalid-offsetof -Wno-gnu-statement-expression
                      -Wno-deprecated-declarations)
endif()
# Libraries are called without a detour over the linkage table: an allocation is so small that it shows.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -fno-plt")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
add_link_options($<$<CONFIG:Release>:-Wl,--gc-sections> -Wl,--as-needed)
add_compile_options($<$<CONFIG:Release>:-ffunction-sections> $<$<CONFIG:Release>:-fdata-sections>)

if(SLIPWAY_SANITIZE)
  add_compile_options(-fsanitize=${SLIPWAY_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLIPWAY_SANITIZE})
  if(SLIPWAY_SANITIZE STREQUAL "thread")
    # ThreadSanitizer knows no fences. Each event loop has one thread, which needs none.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

if(SLIPWAY_FUZZ)
  # All code tells libFuzzer what it reaches; only the fuzzers link its main.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # Without this sloppiness ccache stores nothing that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
