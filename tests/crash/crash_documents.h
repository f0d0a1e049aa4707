#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace cairn::test {

/// What the writer writes and the test expects: the content follows from id and version alone.

inline constexpr uint32_t kCrashDim = 4;
inline constexpr int kCrashIds = 90;

/// A word of letters only, different for every (id, version).
inline std::string CrashWord(int id, int version) {
  std::string word = "q";
  for (int number : {id, version}) {
    do {
      word += static_cast<char>('a' + number % 16);
      number /= 16;
    } while (number > 0);
    word += 'z';
  }
  return word;
}

inline std::string CrashId(int id) { return "doc-" + std::to_string(id); }

inline std::string CrashTitle(int id, int version) {
  return "Title " + CrashWord(id, version) + "title";
}

inline std::string CrashBody(int id, int version) {
  static const char* const kWords[] = {"bread", "oven", "dough", "star", "orbit", "comet"};
  std::string body = CrashWord(id, version) + "\n\n";
  for (int i = 0; i < 20 + id % 200; ++i) {
    body += std::string(kWords[(i * (id + 1) + version) % 6]) + (i % 15 == 14 ? ".\n\n" : " ");
  }
  return body;
}

inline std::array<float, kCrashDim> CrashVector(int id, int version) {
  return {1.0f, static_cast<float>(id), static_cast<float>(version), 0.5f};
}

}  // namespace cairn::test
