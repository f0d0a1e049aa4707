#include "cairn_bench/vector_file.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <regex>
#include <stdexcept>

namespace cairn::bench {
namespace {

[[noreturn]] void Fail(const std::string& path, const std::string& reason) {
  throw std::runtime_error(path + ": " + reason);
}

std::ifstream Open(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail(path, "cannot be opened");
  return file;
}

/// False at the end of the file; a part of `size` bytes is a failure.
bool ReadBytes(std::ifstream& file, const std::string& path, void* out, size_t size) {
  file.read(static_cast<char*>(out), static_cast<std::streamsize>(size));
  if (file.gcount() == 0 && size > 0) return false;
  if (file.gcount() != static_cast<std::streamsize>(size))
    Fail(path, "ends in the middle of a row");
  return true;
}

/// Calls row(values) for each row of a .fvecs, .bvecs or .ivecs file until it returns false.
template <typename Element, typename Row>
void ForEachRow(const std::string& path, Row row) {
  std::ifstream file = Open(path);
  constexpr int32_t kMaxDim = 1 << 20;
  std::vector<Element> values;
  int32_t dim = 0;
  while (ReadBytes(file, path, &dim, sizeof dim)) {
    if (dim < 1 || dim > kMaxDim) Fail(path, "no row is " + std::to_string(dim) + " wide");
    values.resize(static_cast<size_t>(dim));
    if (!ReadBytes(file, path, values.data(), values.size() * sizeof(Element))) {
      Fail(path, "ends in the middle of a row");
    }
    if (!row(values)) return;
  }
}

template <typename Element>
VectorSet ReadVecs(const std::string& path, size_t limit) {
  VectorSet set;
  ForEachRow<Element>(path, [&](const std::vector<Element>& values) {
    if (set.dim == 0) set.dim = values.size();
    if (set.dim != values.size()) Fail(path, "rows differ in width");
    set.values.insert(set.values.end(), values.begin(), values.end());
    return set.count() < limit;
  });
  return set;
}

template <typename Element>
void ReadNpyValues(std::ifstream& file, const std::string& path, VectorSet* set) {
  std::vector<Element> values(set->values.size());
  if (!ReadBytes(file, path, values.data(), values.size() * sizeof(Element)))
    Fail(path, "is short");
  std::copy(values.begin(), values.end(), set->values.begin());
}

std::string ReadNpyHeader(std::ifstream& file, const std::string& path) {
  unsigned char start[8];
  if (!ReadBytes(file, path, start, sizeof start) || std::memcmp(start, "\x93NUMPY", 6) != 0) {
    Fail(path, "is no .npy file");
  }
  unsigned char size[4] = {};
  if (!ReadBytes(file, path, size, start[6] == 1 ? 2 : 4)) Fail(path, "is short");
  const uint32_t length =
      size[0] | (size[1] << 8) | (size[2] << 16) | (static_cast<uint32_t>(size[3]) << 24);
  if (length > (1u << 20)) Fail(path, "has a header that long");
  std::string header(length, '\0');
  if (!ReadBytes(file, path, header.data(), header.size())) Fail(path, "is short");
  return header;
}

VectorSet ReadNpy(const std::string& path, size_t limit) {
  std::ifstream file = Open(path);
  const std::string header = ReadNpyHeader(file, path);
  std::smatch shape;
  std::smatch type;
  if (header.find("'fortran_order': False") == std::string::npos ||
      !std::regex_search(header, shape, std::regex("'shape': *\\(([0-9]+), *([0-9]+)\\)")) ||
      !std::regex_search(header, type, std::regex("'descr': *'(<f4|\\|u1)'"))) {
    Fail(path, "is not a two-dimensional array of float32 or uint8 in C order");
  }
  VectorSet set;
  set.dim = std::stoul(shape[2]);
  set.values.resize(std::min<size_t>(limit, std::stoul(shape[1])) * set.dim);
  if (type[1] == "<f4") {
    ReadNpyValues<float>(file, path, &set);
  } else {
    ReadNpyValues<uint8_t>(file, path, &set);
  }
  return set;
}

}  // namespace

VectorSet ReadVectors(const std::string& path, size_t limit) {
  VectorSet set;
  if (path.ends_with(".fvecs")) {
    set = ReadVecs<float>(path, limit);
  } else if (path.ends_with(".bvecs")) {
    set = ReadVecs<uint8_t>(path, limit);
  } else if (path.ends_with(".npy")) {
    set = ReadNpy(path, limit);
  } else {
    Fail(path, "ends in none of .fvecs, .bvecs, .npy");
  }
  if (set.count() == 0) Fail(path, "has no rows");
  return set;
}

std::vector<std::vector<uint32_t>> ReadNeighbours(const std::string& path) {
  std::vector<std::vector<uint32_t>> lists;
  ForEachRow<uint32_t>(path, [&](const std::vector<uint32_t>& values) {
    lists.push_back(values);
    return true;
  });
  return lists;
}

}  // namespace cairn::bench
