# What `cmake --install` puts where. Only the shared library with the C ABI is exported: its
# interface names no third-party package, so a consumer needs none to compile and link.
include(CMakePackageConfigHelpers)

install(TARGETS cairn EXPORT cairnTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/cairn DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT development FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cairn
  COMPONENT runtime)

set(cairn_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cairn)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/cairnConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cairnConfig.cmake INSTALL_DESTINATION ${cairn_config_dir}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change what programs rely on.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cairnConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(EXPORT cairnTargets NAMESPACE cairn:: DESTINATION ${cairn_config_dir}
  COMPONENT development)
install(FILES ${PROJECT_BINARY_DIR}/cairnConfig.cmake
  ${PROJECT_BINARY_DIR}/cairnConfigVersion.cmake
  DESTINATION ${cairn_config_dir} COMPONENT development)

# An installed tree can be moved as a whole: the file finds the prefix from where it is itself.
file(RELATIVE_PATH CAIRN_PC_TO_PREFIX
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/cmake/cairn.pc.in ${PROJECT_BINARY_DIR}/cairn.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/cairn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT development)
