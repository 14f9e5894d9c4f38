# Writes build_info.h, and leaves it alone when nothing has changed, so that only what names the
# version is compiled again. Run at each build:
#   cmake -DSOURCE=... -DOUTPUT=... -DVERSION=... -P build_info.cmake
execute_process(COMMAND git -C ${SOURCE} rev-parse HEAD
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
                RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
  set(state unknown)
else()
  execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no
                  OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes STREQUAL "")
    set(state clean)
  else()
    set(state dirty)
  endif()
endif()
set(text "#pragma once\n#define SLIPWAY_VERSION \"${VERSION}\"\n#define SLIPWAY_COMMIT \"${commit}\"\n#define SLIPWAY_TREE_STATE \"${state}\"\n")
set(old "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} old)
endif()
if(NOT old STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
