#include "observe/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/mutex.h"
#include "support/matchers.h"
#include "support/temp_dir.h"

namespace cairn {
namespace {

std::vector<std::string> LinesOf(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

json::object ObjectOf(const std::string& line) {
  auto object = json::ParseObject(line, "log line");
  CAIRN_EXPECT_OK(object);
  return object.ok() ? *object : json::object();
}

TEST(LogTest, WithoutASinkNothingHappens) {
  Log(nullptr, LogLevel::kError, "storage", "nobody hears this");
}

TEST(LogTest, LevelsHaveNames) {
  EXPECT_EQ(LogLevelName(LogLevel::kDebug), "debug");
  EXPECT_EQ(LogLevelName(LogLevel::kOff), "off");
  EXPECT_EQ(LogLevelName(static_cast<LogLevel>(77)), "unknown");
}

TEST(JsonLogTest, AnUnusableTargetIsAnError) {
  test::TempDir dir;
  CAIRN_EXPECT_ERROR(MakeJsonLogSink("", LogLevel::kInfo), Code::kInvalidArgument, "empty");
  CAIRN_EXPECT_ERROR(MakeJsonLogSink(dir.path(), LogLevel::kInfo), Code::kIoError, dir.path());
  dir.Write("file", "");
  CAIRN_EXPECT_ERROR(MakeJsonLogSink(dir / "file/log", LogLevel::kInfo), Code::kIoError,
                     "file/log");
}

TEST(JsonLogTest, ALineHasAllFieldsInOrder) {
  test::TempDir dir;
  ManualClock clock(1'709'251'199'123'456'789);  // on the leap day of 2024
  auto sink = MakeJsonLogSink(dir / "logs/cairn.log", LogLevel::kDebug, &clock);
  CAIRN_ASSERT_OK(sink);
  Log(sink->get(), LogLevel::kWarning, "storage", "disk nearly full");
  EXPECT_EQ(LinesOf(dir / "logs/cairn.log"),
            (std::vector<std::string>{StrCat(
                R"({"ts":"2024-02-29T23:59:59.123Z","level":"warning",)",
                R"("component":"storage","message":"disk nearly full","pid":)", getpid(), "}")}));
}

TEST(JsonLogTest, TimesBeforeTheEpochAreWritten) {
  test::TempDir dir;
  ManualClock clock(-1);
  auto sink = MakeJsonLogSink(dir / "log", LogLevel::kDebug, &clock);
  CAIRN_ASSERT_OK(sink);
  Log(sink->get(), LogLevel::kInfo, "db", "x");
  EXPECT_EQ(ObjectOf(LinesOf(dir / "log").at(0)).at("ts"), "1969-12-31T23:59:59.999Z");
}

TEST(JsonLogTest, AnyBytesGiveOneLineOfValidJson) {
  test::TempDir dir;
  auto sink = MakeJsonLogSink(dir / "log", LogLevel::kDebug);
  CAIRN_ASSERT_OK(sink);
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  std::string tricky = "quote \" backslash \\ newline \n tab \t brace {} {0} %v %s";
  Log(sink->get(), LogLevel::kInfo, "db", all);
  Log(sink->get(), LogLevel::kInfo, "d\"b", tricky);
  Log(sink->get(), LogLevel::kInfo, "db", "日本語 ✓");
  Log(sink->get(), LogLevel::kInfo, "", "");
  std::vector<std::string> lines = LinesOf(dir / "log");
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_TRUE(ObjectOf(lines[0]).contains("message"));
  EXPECT_EQ(ObjectOf(lines[1]).at("message").as_string(), tricky);
  EXPECT_EQ(ObjectOf(lines[1]).at("component").as_string(), "d\"b");
  EXPECT_EQ(ObjectOf(lines[2]).at("message").as_string(), "日本語 ✓");
}

TEST(JsonLogTest, OnlyItsLevelAndAboveAreWritten) {
  test::TempDir dir;
  for (LogLevel level : {LogLevel::kDebug, LogLevel::kWarning, LogLevel::kOff}) {
    std::string file = dir / std::string(LogLevelName(level));
    auto sink = MakeJsonLogSink(file, level);
    CAIRN_ASSERT_OK(sink);
    for (LogLevel record : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError,
                            LogLevel::kOff}) {
      EXPECT_EQ((*sink)->Enabled(record), record >= level && record != LogLevel::kOff);
      Log(sink->get(), record, "db", "x");
      (*sink)->Write(record, "db", "y");
    }
    size_t records = level == LogLevel::kDebug ? 8 : level == LogLevel::kWarning ? 4 : 0;
    EXPECT_EQ(LinesOf(file).size(), records);
  }
}

TEST(JsonLogTest, AFileIsContinuedAndEachLineIsThereAtOnce) {
  test::TempDir dir;
  for (int i = 1; i <= 3; ++i) {
    auto sink = MakeJsonLogSink(dir / "log", LogLevel::kInfo);
    CAIRN_ASSERT_OK(sink);
    Log(sink->get(), LogLevel::kInfo, "db", "x");
    EXPECT_EQ(LinesOf(dir / "log").size(), static_cast<size_t>(i));
  }
}

TEST(JsonLogTest, StderrGetsLinesAndStdoutNothing) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  auto sink = MakeJsonLogSink("stderr", LogLevel::kInfo);
  CAIRN_ASSERT_OK(sink);
  Log(sink->get(), LogLevel::kError, "db", "to stderr");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(ObjectOf(text).at("message"), "to stderr");
  EXPECT_EQ(text.back(), '\n');
}

TEST(JsonLogTest, AFullDiskIsSilent) {
  auto sink = MakeJsonLogSink("/dev/full", LogLevel::kInfo);
  if (!sink.ok()) GTEST_SKIP() << "no /dev/full here";
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) Log(sink->get(), LogLevel::kError, "db", "lost");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(JsonLogTest, ThreadsNeverMixTheirLines) {
  test::TempDir dir;
  auto sink = MakeJsonLogSink(dir / "log", LogLevel::kInfo);
  CAIRN_ASSERT_OK(sink);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::string message(200 + static_cast<size_t>(t), static_cast<char>('a' + t));
      for (int i = 0; i < 250; ++i) Log(sink->get(), LogLevel::kInfo, "db", message);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> lines = LinesOf(dir / "log");
  ASSERT_EQ(lines.size(), 1000u);
  for (const std::string& line : lines) {
    json::object record = ObjectOf(line);
    std::string message(record.at("message").as_string());
    EXPECT_EQ(message, std::string(message.size(), message[0]));
  }
}

struct Heard {
  Mutex mutex;
  std::vector<std::string> records CAIRN_GUARDED_BY(mutex);
  int freed = 0;

  static void Write(LogLevel level, std::string_view component, std::string_view message,
                    void* user_data) {
    Heard* heard = static_cast<Heard*>(user_data);
    MutexLock lock(heard->mutex);
    heard->records.push_back(StrCat(LogLevelName(level), " ", component, " ", message));
  }
  static void Free(void* user_data) { ++static_cast<Heard*>(user_data)->freed; }
};

TEST(CallbackLogTest, TheFunctionGetsWhatItAskedFor) {
  Heard heard;
  {
    CallbackLogSink sink(LogLevel::kInfo, &Heard::Write, &heard, &Heard::Free);
    Log(&sink, LogLevel::kDebug, "db", "no");
    Log(&sink, LogLevel::kInfo, "db", "yes");
    Log(&sink, LogLevel::kError, "storage", "yes");
    sink.Write(LogLevel::kDebug, "db", "no");
    sink.Write(LogLevel::kOff, "db", "no");
    EXPECT_EQ(heard.freed, 0);
  }
  EXPECT_EQ(heard.freed, 1);
  EXPECT_EQ(heard.records, (std::vector<std::string>{"info db yes", "error storage yes"}));
}

TEST(CallbackLogTest, NullFunctionsAreAllowed) {
  CallbackLogSink silent(LogLevel::kDebug, nullptr, nullptr, nullptr);
  EXPECT_FALSE(silent.Enabled(LogLevel::kError));
  Log(&silent, LogLevel::kError, "db", "x");
}

TEST(CallbackLogTest, WhatTheFunctionThrowsIsDropped) {
  auto thrower = [](LogLevel, std::string_view, std::string_view, void*) {
    throw std::runtime_error("of the host");
  };
  CallbackLogSink sink(LogLevel::kDebug, thrower, nullptr, nullptr);
  EXPECT_NO_THROW(Log(&sink, LogLevel::kError, "db", "x"));
}

}  // namespace
}  // namespace cairn
