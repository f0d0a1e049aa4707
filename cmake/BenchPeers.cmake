# What cairn-bench compares with: optional, and used by nothing else. Each one found becomes a target
# cairn_peer_<name>. Debian: libhnswlib-dev, libfaiss-dev, libtbb-dev.
find_path(CAIRN_hnswlib_INCLUDE hnswlib/hnswlib.h)
find_path(CAIRN_faiss_INCLUDE faiss/IndexHNSW.h)
find_library(CAIRN_faiss_faiss NAMES faiss)
# Shared: the static one would need Fortran's library for the parts of LAPACK that FAISS names.
find_library(CAIRN_faiss_openblas NAMES libopenblas.so PATH_SUFFIXES openblas-serial)
find_package(OpenMP QUIET COMPONENTS CXX)
mark_as_advanced(CAIRN_hnswlib_INCLUDE CAIRN_faiss_INCLUDE CAIRN_faiss_faiss
                 CAIRN_faiss_openblas)

if(CAIRN_hnswlib_INCLUDE)
  add_library(cairn_peer_hnswlib INTERFACE)
  target_include_directories(cairn_peer_hnswlib SYSTEM INTERFACE ${CAIRN_hnswlib_INCLUDE})
  target_compile_definitions(cairn_peer_hnswlib INTERFACE CAIRN_BENCH_HNSWLIB)
  # Filters came with version 0.7, which has no version number in its headers either.
  file(STRINGS ${CAIRN_hnswlib_INCLUDE}/hnswlib/hnswlib.h cairn_hnswlib_filter
       REGEX "class BaseFilterFunctor")
  if(cairn_hnswlib_filter)
    target_compile_definitions(cairn_peer_hnswlib INTERFACE CAIRN_BENCH_HNSWLIB_FUNCTOR)
  endif()
  cairn_note("bench peer hnswlib" "on")
else()
  cairn_note("bench peer hnswlib" "off")
endif()

if(CAIRN_faiss_INCLUDE AND CAIRN_faiss_faiss AND CAIRN_faiss_openblas AND OpenMP_CXX_FOUND)
  add_library(cairn_peer_faiss INTERFACE)
  target_include_directories(cairn_peer_faiss SYSTEM INTERFACE ${CAIRN_faiss_INCLUDE})
  target_compile_definitions(cairn_peer_faiss INTERFACE CAIRN_BENCH_FAISS)
  target_link_libraries(cairn_peer_faiss INTERFACE
    ${CAIRN_faiss_faiss} ${CAIRN_faiss_openblas} OpenMP::OpenMP_CXX)
  cairn_note("bench peer faiss" "on")
else()
  cairn_note("bench peer faiss" "off")
endif()

find_path(CAIRN_tbb_INCLUDE tbb/concurrent_hash_map.h)
find_library(CAIRN_tbb_tbb NAMES libtbb.so)
mark_as_advanced(CAIRN_tbb_INCLUDE CAIRN_tbb_tbb)
if(CAIRN_tbb_INCLUDE AND CAIRN_tbb_tbb)
  add_library(cairn_peer_tbb INTERFACE)
  target_include_directories(cairn_peer_tbb SYSTEM INTERFACE ${CAIRN_tbb_INCLUDE})
  target_compile_definitions(cairn_peer_tbb INTERFACE CAIRN_BENCH_TBB)
  target_link_libraries(cairn_peer_tbb INTERFACE ${CAIRN_tbb_tbb})
  cairn_note("bench peer tbb" "on")
else()
  cairn_note("bench peer tbb" "off")
endif()
