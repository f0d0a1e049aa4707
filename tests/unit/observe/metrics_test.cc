#include "observe/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"

namespace cairn::metrics {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(MetricsTest, AnEmptyRegistryWritesNothing) { EXPECT_EQ(Registry().ToPrometheusText(), ""); }

TEST(MetricsTest, WhatPrometheusDoesNotAllowIsRejectedButUsable) {
  Registry registry;
  for (const char* name : {"", "1st", "with space", "with-dash", "ümlaut", "new\nline"}) {
    EXPECT_EQ(&registry.GetCounter(name, "help"), &registry.GetCounter(name, "help"));
    registry.GetCounter(name, "help").Add();
  }
  for (const char* label : {"", "1", "a:b", "__reserved", "le", "a b"}) {
    registry.GetGauge("fine", "help", {{label, "x"}}).Set(1);
  }
  registry.GetGauge("fine", "help", {{"twice", "x"}, {"twice", "y"}}).Set(1);
  EXPECT_EQ(registry.ToPrometheusText(), "");
  EXPECT_EQ(registry.rejected_count(), 6u * 3 + 6 + 1);
}

TEST(MetricsTest, ANameKeepsItsFirstType) {
  Registry registry;
  registry.GetCounter("thing", "help").Add(2);
  registry.GetGauge("thing", "help").Set(9);
  registry.GetHistogram("thing", "help").Observe(9);
  EXPECT_EQ(registry.ToPrometheusText(), "# HELP thing help\n# TYPE thing counter\nthing 2\n");
  EXPECT_EQ(registry.rejected_count(), 2u);
}

TEST(MetricsTest, TheNumberOfSeriesIsBounded) {
  Registry registry;
  for (size_t i = 0; i < Registry::kMaxSeries + 100; ++i) {
    registry.GetCounter("attack", "help", {{"key", std::to_string(i)}}).Add();
  }
  EXPECT_EQ(registry.rejected_count(), 100u);
  registry.GetCounter("late", "help").Add();
  EXPECT_THAT(registry.ToPrometheusText(), ::testing::Not(::testing::HasSubstr("late")));
  Counter& known = registry.GetCounter("attack", "help", {{"key", "0"}});
  EXPECT_EQ(known.value(), 1u);
}

TEST(MetricsTest, TheSameNameAndLabelsAreTheSameMetric) {
  Registry registry;
  Counter& counter = registry.GetCounter("c", "help", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(&counter, &registry.GetCounter("c", "other help", {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(&counter, &registry.GetCounter("c", "help", {{"a", "1"}}));
  EXPECT_EQ(&registry.GetGauge("g", "help", "a", "1"),
            &registry.GetGauge("g", "help", {{"a", "1"}}));
  EXPECT_NE(&counter, &registry.GetCounter("c", "help", {{"a", "1"}, {"b", "3"}}));
  Histogram& histogram = registry.GetHistogram("h", "help", {1, 2});
  EXPECT_EQ(&histogram, &registry.GetHistogram("h", "help", {5}));
  EXPECT_EQ(histogram.bounds(), (std::vector<double>{1, 2}));
}

TEST(MetricsTest, TheTextIsOrderedWhateverTheOrderOfCalls) {
  Registry registry;
  registry.GetGauge("b_gauge", "A gauge.").Set(-1.5);
  registry.GetCounter("c_total", "A counter.", {{"op", "write"}}).Add(3);
  registry.GetCounter("c_total", "A counter.", {{"op", "read"}, {"cache", "hit"}}).Add();
  Histogram& histogram = registry.GetHistogram("a_seconds", "Times.", {1, 0.5}, {{"op", "x"}});
  for (double value : {0.5, 0.6, 2.0, 3.0}) histogram.Observe(value);
  EXPECT_EQ(registry.ToPrometheusText(),
            "# HELP a_seconds Times.\n"
            "# TYPE a_seconds histogram\n"
            "a_seconds_bucket{op=\"x\",le=\"0.5\"} 1\n"
            "a_seconds_bucket{op=\"x\",le=\"1\"} 2\n"
            "a_seconds_bucket{op=\"x\",le=\"+Inf\"} 4\n"
            "a_seconds_sum{op=\"x\"} 6.1\n"
            "a_seconds_count{op=\"x\"} 4\n"
            "# HELP b_gauge A gauge.\n"
            "# TYPE b_gauge gauge\n"
            "b_gauge -1.5\n"
            "# HELP c_total A counter.\n"
            "# TYPE c_total counter\n"
            "c_total{cache=\"hit\",op=\"read\"} 1\n"
            "c_total{op=\"write\"} 3\n");
}

TEST(MetricsTest, TextIsEscaped) {
  Registry registry;
  registry.GetCounter("c", "a \\ b \n c \"d\"", {{"path", "C:\\x\n\"y\""}});
  EXPECT_EQ(registry.ToPrometheusText(),
            "# HELP c a \\\\ b \\n c \"d\"\n"
            "# TYPE c counter\n"
            "c{path=\"C:\\\\x\\n\\\"y\\\"\"} 0\n");
}

TEST(MetricsTest, NumbersAreExactAndIndependentOfTheLocale) {
  Registry registry;
  Gauge& gauge = registry.GetGauge("g", "h");
  for (auto [value, text] :
       std::vector<std::pair<double, std::string>>{{0.1, "0.1"},
                                                   {1e300, "1e+300"},
                                                   {1.0 / 3, "0.3333333333333333"},
                                                   {-0.0, "-0"},
                                                   {kInfinity, "+Inf"},
                                                   {-kInfinity, "-Inf"},
                                                   {kNan, "NaN"}}) {
    gauge.Set(value);
    EXPECT_EQ(registry.ToPrometheusText(), StrCat("# HELP g h\n# TYPE g gauge\ng ", text, "\n"));
  }
  registry.GetCounter("c", "h").Add(std::numeric_limits<uint64_t>::max());
  EXPECT_THAT(registry.ToPrometheusText(), ::testing::HasSubstr("c 18446744073709551615\n"));
}

TEST(HistogramTest, BoundsAreInclusiveOrderedAndFinite) {
  Histogram histogram({10, kNan, 1, kInfinity, 1, 5});
  EXPECT_EQ(histogram.bounds(), (std::vector<double>{1, 5, 10}));
  for (double value : {-kInfinity, 0.0, 1.0, 1.0000001, 5.0, 10.0, 10.1, kInfinity}) {
    histogram.Observe(value);
  }
  EXPECT_EQ(histogram.counts(), (std::vector<uint64_t>{3, 2, 1, 2}));
}

TEST(HistogramTest, NanIsNotCounted) {
  Histogram histogram({1});
  histogram.Observe(kNan);
  histogram.Observe(2);
  EXPECT_EQ(histogram.counts(), (std::vector<uint64_t>{0, 1}));
  EXPECT_EQ(histogram.sum(), 2);
}

TEST(HistogramTest, WithoutBoundsThereIsOneBucket) {
  Histogram histogram({});
  histogram.Observe(1);
  EXPECT_EQ(histogram.counts(), (std::vector<uint64_t>{1}));
}

TEST(MetricsTest, NothingIsLostBetweenThreads) {
  Registry registry;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&registry, t] {
      for (int i = 0; i < 2000; ++i) {
        registry.GetCounter("c", "h").Add();
        registry.GetGauge("g", "h").Add(t % 2 == 0 ? 1 : -1);
        registry.GetHistogram("h", "h", {1}).Observe(1);
        registry.GetCounter("mine", "h", {{"t", std::to_string(t)}}).Add();
        if (i % 500 == 0) {
          EXPECT_FALSE(registry.ToPrometheusText().empty());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(registry.GetCounter("c", "h").value(), 8000u);
  EXPECT_EQ(registry.GetGauge("g", "h").value(), 0);
  EXPECT_EQ(registry.GetHistogram("h", "h").counts(), (std::vector<uint64_t>{8000, 0}));
  EXPECT_EQ(registry.GetHistogram("h", "h").sum(), 8000);
  for (int t = 0; t < 4; ++t) {
    EXPECT_EQ(registry.GetCounter("mine", "h", {{"t", std::to_string(t)}}).value(), 2000u);
  }
}

TEST(RegistryTest, CollectorsBringTheirNumbersUpToDateUntilTheyAreRemoved) {
  Registry registry;
  uint64_t counted = 3;
  uint64_t number = registry.AddCollector([&] {
    Counter& counter = registry.GetCounter("parts_total", "Parts.");
    counter.Add(counted - counter.value());
  });
  EXPECT_NE(registry.ToPrometheusText().find("parts_total 3\n"), std::string::npos);
  counted = 5;
  EXPECT_NE(registry.ToPrometheusText().find("parts_total 5\n"), std::string::npos);
  registry.RemoveCollector(number);
  registry.RemoveCollector(number);
  counted = 9;
  EXPECT_NE(registry.ToPrometheusText().find("parts_total 5\n"), std::string::npos);
}

}  // namespace
}  // namespace cairn::metrics
