# Writes example_manifests.h: the manifests of examples/ that the demo carries inside the binary.
function(slipway_example_manifests header)
  set(text "#pragma once\n\n#include <string_view>\n\nnamespace slipway::cli {\n")
  foreach(example canary blue-green)
    set(file ${CMAKE_SOURCE_DIR}/examples/${example}.yaml)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} manifest)
    string(REPLACE "-" "_" name ${example})
    string(APPEND text
           "inline constexpr std::string_view example_${name} = R\"yaml(${manifest})yaml\";\n")
  endforeach()
  string(APPEND text "}  // namespace slipway::cli\n")
  file(CONFIGURE OUTPUT ${header} CONTENT "${text}" @ONLY)
endfunction()
