# cairn_test_per_kernel(<test>): runs a test program once more for each kernel; the program must
# include unit/kernels/require_kernel.h. Shown as skipped where the processor lacks the kernel.
function(cairn_test_per_kernel name)
  foreach(kernel scalar avx2 avx512)
    add_test(NAME ${name}.${kernel} COMMAND ${name})
    set_tests_properties(${name}.${kernel} PROPERTIES
      LABELS "quick" TIMEOUT 300 ENVIRONMENT "CAIRN_KERNEL=${kernel}"
      SKIP_REGULAR_EXPRESSION "this processor does not run the kernel")
  endforeach()
endfunction()
