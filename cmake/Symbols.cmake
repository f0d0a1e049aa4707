# cairn_export_only(<shared library> <version script> <static libraries in it...>)
# The library exports what the script names and nothing else: no symbol of ours that is not in the
# C interface, none of a static dependency. Symbols that nobody defines fail the link, and code
# that no entry point reaches is dropped.
function(cairn_export_only target version_script)
  target_link_options(${target} PRIVATE
    LINKER:--version-script=${version_script} LINKER:--exclude-libs,ALL LINKER:--gc-sections)
  # The sanitizers' runtime is found by the program, not by the library.
  if(NOT CAIRN_SANITIZE)
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${version_script})
  foreach(part IN LISTS ARGN)
    target_compile_options(${part} PRIVATE -ffunction-sections -fdata-sections)
  endforeach()
endfunction()
