#include "cairn_bench/dataset.h"

#include <boost/json.hpp>
#include <charconv>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>

namespace cairn::bench {
namespace {

namespace json = boost::json;

/// A line of a file, and how to complain about it.
struct Line {
  const std::string& path;
  size_t number;
  std::string_view text;

  [[noreturn]] void Fail(const std::string& what) const {
    throw std::runtime_error(path + ":" + std::to_string(number) + ": " + what);
  }
};

void ForEachLine(const std::string& path, const std::function<void(const Line&)>& visit) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  std::string text;
  for (size_t number = 1; std::getline(file, text, '\n'); ++number) {
    if (!text.empty() && text.back() == '\r') text.pop_back();
    if (!text.empty()) visit({path, number, text});
  }
  if (file.bad()) throw std::runtime_error(path + ": cannot be read");
}

json::object ObjectOf(const Line& line) {
  json::error_code error;
  json::value value = json::parse(json::string_view(line.text.data(), line.text.size()), error);
  if (error) line.Fail("not JSON: " + error.message());
  if (!value.is_object()) line.Fail("not a JSON object");
  return std::move(value.get_object());
}

/// A text member; a required one may be neither missing nor empty.
std::string TextMember(const Line& line, const json::object& object, const char* key,
                       bool required) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) {
    if (required) line.Fail(std::string("\"") + key + "\" is missing");
    return "";
  }
  if (!value->is_string()) line.Fail(std::string("\"") + key + "\" is not a text");
  const json::string& text = value->get_string();
  if (required && text.empty()) line.Fail(std::string("\"") + key + "\" is empty");
  return std::string(text.data(), text.size());
}

void AddUnique(const Line& line, const std::string& id, std::set<std::string>* seen) {
  if (!seen->insert(id).second) line.Fail("the id \"" + id + "\" was there before");
}

std::string_view NextField(std::string_view* rest) {
  const size_t tab = rest->find('\t');
  const std::string_view field = rest->substr(0, tab);
  *rest = tab == std::string_view::npos ? std::string_view() : rest->substr(tab + 1);
  return field;
}

std::optional<int> NumberOf(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<CorpusDocument> ReadCorpus(const std::string& path) {
  std::vector<CorpusDocument> corpus;
  std::set<std::string> seen;
  ForEachLine(path, [&](const Line& line) {
    const json::object object = ObjectOf(line);
    CorpusDocument document{TextMember(line, object, "_id", true),
                            TextMember(line, object, "title", false),
                            TextMember(line, object, "text", false)};
    AddUnique(line, document.id, &seen);
    corpus.push_back(std::move(document));
  });
  if (corpus.empty()) throw std::runtime_error(path + ":1: no document");
  return corpus;
}

std::vector<Query> ReadQueries(const std::string& path) {
  std::vector<Query> queries;
  std::set<std::string> seen;
  ForEachLine(path, [&](const Line& line) {
    const json::object object = ObjectOf(line);
    Query query{TextMember(line, object, "_id", true), TextMember(line, object, "text", true)};
    AddUnique(line, query.id, &seen);
    queries.push_back(std::move(query));
  });
  if (queries.empty()) throw std::runtime_error(path + ":1: no query");
  return queries;
}

std::vector<Query> ReadAnyQueries(const std::string& path) {
  const std::string_view ending = ".jsonl";
  if (path.size() >= ending.size() &&
      path.compare(path.size() - ending.size(), ending.size(), ending) == 0) {
    return ReadQueries(path);
  }
  std::vector<Query> queries;
  ForEachLine(path, [&](const Line& line) {
    queries.push_back({std::to_string(line.number), std::string(line.text)});
  });
  if (queries.empty()) throw std::runtime_error(path + ":1: no query");
  return queries;
}

std::unordered_map<std::string, Judgements> ReadJudgements(const std::string& path,
                                                           const std::vector<Query>& queries,
                                                           bool binary) {
  std::set<std::string> known;
  for (const Query& query : queries) known.insert(query.id);
  std::unordered_map<std::string, Judgements> judgements;
  ForEachLine(path, [&](const Line& line) {
    std::string_view rest = line.text;
    const std::string query(NextField(&rest));
    const std::string document(NextField(&rest));
    const std::optional<int> grade = NumberOf(rest);
    if (line.number == 1) {
      if (grade) line.Fail("the header line \"query-id corpus-id score\" is missing");
      return;
    }
    if (!grade) line.Fail("not `query-id <TAB> corpus-id <TAB> number`");
    if (known.count(query) == 0) line.Fail("there is no query with the id \"" + query + "\"");
    const int value = binary ? (*grade > 0 ? 1 : 0) : *grade;
    const auto [entry, added] = judgements[query].emplace(document, value);
    if (!added && entry->second != value) line.Fail("judged differently before");
  });
  return judgements;
}

}  // namespace cairn::bench
