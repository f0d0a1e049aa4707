// SPDX-License-Identifier: Apache-2.0
/// Cairn for C++17 and later: classes that stand on the C interface alone, so a program compiled
/// with any compiler and standard library can use any libcairn.so of the same soname.
///
///   cairn::Database db("notes.cairn");
///   cairn::Collection notes = db.collection("notes");
///   notes.index_folder("/home/me/notes");
///   for (const cairn::Result& hit : notes.search("sourdough starter"))
///     std::cout << hit.score << ' ' << hit.title << '\n';
///
/// Conventions: a call that fails throws cairn::Error, with the code that the C header names.
/// Database and Collection are references: copies mean the same object, and a collection keeps its
/// database open. Document, Results and IndexReport own what they show; the string_views that they
/// give live as long as they do. Threads: as the C type says.
#ifndef CAIRN_CAIRN_HPP_
#define CAIRN_CAIRN_HPP_

#include <cairn/cpp/cache.hpp>
#include <cairn/cpp/collection.hpp>
#include <cairn/cpp/database.hpp>
#include <cairn/cpp/document.hpp>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/index_report.hpp>
#include <cairn/cpp/limiter.hpp>
#include <cairn/cpp/options.hpp>
#include <cairn/cpp/resilience.hpp>
#include <cairn/cpp/results.hpp>
#include <cairn/cpp/vectors.hpp>

namespace cairn {

/// "major.minor.patch" of the loaded library.
inline std::string_view version() noexcept { return cairn_version(); }
/// Compiler, build type and versions of dependencies, for bug reports.
inline std::string_view build_info() noexcept { return cairn_build_info(); }
/// Vector kernel in use: "avx512", "avx2" or "scalar".
inline std::string_view kernel_name() noexcept { return cairn_kernel_name(); }

}  // namespace cairn

#endif  // CAIRN_CAIRN_HPP_
