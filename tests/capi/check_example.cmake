# cmake -DPROGRAM= -DVAULT= -DWORK= -P check_example.cmake
# Runs an example on the sample vault twice: the first run indexes, the second finds it all there.
cmake_minimum_required(VERSION 3.22)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

# run(<expected exit status> <arguments...>) sets `output` and `error`.
macro(run expected)
  execute_process(COMMAND ${PROGRAM} ${ARGN} RESULT_VARIABLE result
                  OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(NOT result EQUAL ${expected})
    message(FATAL_ERROR "${PROGRAM} ${ARGN}: exit status ${result}\n${output}${error}")
  endif()
endmacro()
function(expect text pattern)
  if(NOT text MATCHES "${pattern}")
    message(FATAL_ERROR "does not match ${pattern}:\n${text}")
  endif()
endfunction()

run(0 ${WORK}/db ${VAULT} "sourdough starter")
expect("${output}" "^[1-9][0-9]* new, 0 changed, 0 deleted, 0 unchanged\n")
expect("${output}" "\n1\\. [^\n]+ \\(cooking/sourdough-starter\\.md:[1-9][0-9]*, score [0-9.]+\\)\n")
expect("${output}" "\n2\\. ")
run(0 ${WORK}/db ${VAULT} "sourdough starter")
expect("${output}" "^0 new, 0 changed, 0 deleted, [1-9][0-9]* unchanged\n")
expect("${output}" "\n1\\. [^\n]+ \\(cooking/sourdough-starter\\.md:")

run(1 ${WORK}/db ${WORK}/missing "sourdough")
expect("${error}" "not_found: .*missing")
run(2)
expect("${error}" "usage")
file(REMOVE_RECURSE ${WORK})
