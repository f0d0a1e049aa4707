# Finds each third-party package once and wraps it in a target cairn_dep_<name>. Versions are those
# of Debian 12. Static archives are preferred where Debian builds them position-independent: their
# code and symbols then stay inside libcairn.so.
find_package(Threads REQUIRED)

set(CAIRN_SUMMARY "")
macro(cairn_note name state)
  list(APPEND CAIRN_SUMMARY "${name}: ${state}")
endmacro()

# cairn_dep(<name> HEADER <header> LIBRARIES <lib...> PACKAGE <debian package>
#           [SUFFIXES <include dirs>] [LIB_SUFFIXES <lib dirs>])
function(cairn_dep name)
  cmake_parse_arguments(ARG "" "HEADER;PACKAGE" "LIBRARIES;SUFFIXES;LIB_SUFFIXES" ${ARGN})
  find_path(CAIRN_${name}_INCLUDE ${ARG_HEADER} PATH_SUFFIXES ${ARG_SUFFIXES})
  set(found ${CAIRN_${name}_INCLUDE})
  set(libraries "")
  foreach(library IN LISTS ARG_LIBRARIES)
    find_library(CAIRN_${name}_${library} NAMES ${library} PATH_SUFFIXES ${ARG_LIB_SUFFIXES})
    list(APPEND libraries ${CAIRN_${name}_${library}})
    list(APPEND found ${CAIRN_${name}_${library}})
    mark_as_advanced(CAIRN_${name}_${library})
  endforeach()
  mark_as_advanced(CAIRN_${name}_INCLUDE)
  if("${found}" MATCHES "NOTFOUND")
    message(FATAL_ERROR "cairn needs ${name}: install the Debian package ${ARG_PACKAGE} "
                        "(./bootstrap does it)")
  endif()
  add_library(cairn_dep_${name} INTERFACE)
  target_include_directories(cairn_dep_${name} SYSTEM INTERFACE ${CAIRN_${name}_INCLUDE})
  target_link_libraries(cairn_dep_${name} INTERFACE ${libraries})
  if(libraries)
    list(JOIN libraries " " shown)
  else()
    set(shown ${CAIRN_${name}_INCLUDE}/${ARG_HEADER})
  endif()
  set(CAIRN_SUMMARY ${CAIRN_SUMMARY} "${name}: ${shown}" PARENT_SCOPE)
endfunction()

set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
cairn_dep(openblas HEADER cblas.h LIBRARIES openblas PACKAGE libopenblas-serial-dev
          SUFFIXES openblas-serial LIB_SUFFIXES openblas-serial)
cairn_dep(stemmer HEADER libstemmer.h LIBRARIES stemmer PACKAGE libstemmer-dev)
cairn_dep(utf8proc HEADER utf8proc.h LIBRARIES utf8proc PACKAGE libutf8proc-dev)
cairn_dep(cmark HEADER cmark-gfm.h LIBRARIES cmark-gfm-extensions cmark-gfm
          PACKAGE "libcmark-gfm-dev and libcmark-gfm-extensions-dev")
cairn_dep(xxhash HEADER xxhash.h LIBRARIES "" PACKAGE libxxhash-dev)
set(CMAKE_FIND_LIBRARY_SUFFIXES .so .a)
cairn_dep(yaml HEADER yaml-cpp/yaml.h LIBRARIES yaml-cpp PACKAGE libyaml-cpp-dev)
cairn_dep(rocksdb HEADER rocksdb/db.h LIBRARIES rocksdb PACKAGE librocksdb-dev)
cairn_dep(spdlog HEADER spdlog/spdlog.h LIBRARIES fmt PACKAGE libspdlog-dev)
target_compile_definitions(cairn_dep_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)

# Boost is used as headers only, and must be 1.81: Debian 12 also has 1.74.
find_path(CAIRN_boost_INCLUDE boost/version.hpp)
if(NOT CAIRN_boost_INCLUDE)
  message(FATAL_ERROR "cairn needs Boost 1.81: install the Debian package libboost1.81-dev")
endif()
file(STRINGS ${CAIRN_boost_INCLUDE}/boost/version.hpp cairn_boost_version
     REGEX "#define BOOST_LIB_VERSION")
if(NOT cairn_boost_version MATCHES "\"1_81\"")
  message(FATAL_ERROR "cairn needs Boost 1.81 (package libboost1.81-dev), found: "
                      "${cairn_boost_version} in ${CAIRN_boost_INCLUDE}")
endif()
add_library(cairn_dep_boost INTERFACE)
target_include_directories(cairn_dep_boost SYSTEM INTERFACE ${CAIRN_boost_INCLUDE})
cairn_note(boost "1.81 in ${CAIRN_boost_INCLUDE}")

# cairn_optional(<name> OPTION <cache option> HEADER <header> LIBRARY <lib> PACKAGE <package>)
# An optional part: on where its package is found, an error where it was asked for and is not there.
# Leaves the option's variable as it came out.
function(cairn_optional name)
  cmake_parse_arguments(ARG "" "OPTION;HEADER;LIBRARY;PACKAGE" "" ${ARGN})
  find_path(CAIRN_${name}_INCLUDE ${ARG_HEADER})
  find_library(CAIRN_${name}_${ARG_LIBRARY} NAMES ${ARG_LIBRARY})
  mark_as_advanced(CAIRN_${name}_INCLUDE CAIRN_${name}_${ARG_LIBRARY})
  set(found OFF)
  if(CAIRN_${name}_INCLUDE AND CAIRN_${name}_${ARG_LIBRARY})
    set(found ON)
  endif()
  if(NOT DEFINED ${ARG_OPTION})
    set(${ARG_OPTION} ${found})
  endif()
  if(NOT ${ARG_OPTION})
    set(CAIRN_SUMMARY ${CAIRN_SUMMARY} "${name}: off (package ${ARG_PACKAGE})" PARENT_SCOPE)
  elseif(NOT found)
    message(FATAL_ERROR "${ARG_OPTION} is on, and ${name} is missing: install the Debian package "
                        "${ARG_PACKAGE}, or leave the option out")
  else()
    add_library(cairn_dep_${name} INTERFACE)
    target_include_directories(cairn_dep_${name} SYSTEM INTERFACE ${CAIRN_${name}_INCLUDE})
    target_link_libraries(cairn_dep_${name} INTERFACE ${CAIRN_${name}_${ARG_LIBRARY}})
    set(CAIRN_SUMMARY ${CAIRN_SUMMARY} "${name}: ${CAIRN_${name}_${ARG_LIBRARY}}" PARENT_SCOPE)
  endif()
  set(${ARG_OPTION} ${${ARG_OPTION}} PARENT_SCOPE)
endfunction()

# Debian's static hiredis and lz4 are position-independent.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a .so)
cairn_optional(hiredis OPTION CAIRN_WITH_REDIS HEADER hiredis/hiredis.h LIBRARY hiredis
               PACKAGE libhiredis-dev)
cairn_optional(lz4 OPTION CAIRN_WITH_LZ4 HEADER lz4.h LIBRARY lz4 PACKAGE liblz4-dev)
set(CMAKE_FIND_LIBRARY_SUFFIXES .so .a)

if(CAIRN_BUILD_CLI)
  cairn_dep(cli11 HEADER CLI/CLI.hpp LIBRARIES "" PACKAGE libcli11-dev)
endif()
if(CAIRN_BUILD_TESTS)
  find_package(GTest REQUIRED)
  cairn_note(tests on)
else()
  cairn_note(tests off)
endif()
if(CAIRN_BUILD_BENCH)
  find_package(benchmark REQUIRED)
  find_package(ZLIB REQUIRED)  # packed traces
  cairn_note(bench on)
  include(BenchPeers)
else()
  cairn_note(bench off)
endif()

function(cairn_print_summary)
  message(STATUS "cairn ${PROJECT_VERSION}: ${CMAKE_BUILD_TYPE}"
                 " (sanitizers: ${CAIRN_SANITIZE}; sync points: ${CAIRN_SYNC_POINTS})")
  foreach(line IN LISTS CAIRN_SUMMARY)
    message(STATUS "  ${line}")
  endforeach()
endfunction()
