#include "engine/runtime/schedule/schedule_table.h"

#include <gtest/gtest.h>

#include <limits>

namespace troupe {
namespace {

ScheduleRow interval_job(const std::string& name, std::int64_t max_history) {
  ScheduleRow row;
  row.id = job_id(name);
  row.kind = ScheduleKind::every;
  row.action = "act";
  row.args = {0x80};
  row.interval_ms = 5'000;
  row.max_history = max_history;
  return row;
}

/// Number of history rows that the store would have after these changes.
struct StoredRuns {
  void apply(std::vector<ScheduleTable::Change> changes) {
    for (auto& change : changes) {
      if (!change.run) {
        if (change.value) {
          jobs[change.id] = *change.value;
        } else {
          jobs.erase(change.id);
        }
      } else if (change.value) {
        runs[{change.id, *change.run}] = *change.value;
      } else {
        runs.erase({change.id, *change.run});
      }
    }
  }
  std::size_t of(const std::string& name) const {
    std::size_t count = 0;
    for (const auto& [key, value] : runs) count += key.first == job_id(name);
    return count;
  }
  std::map<std::string, Bytes> jobs;
  std::map<std::pair<std::string, std::uint64_t>, Bytes> runs;
};

TEST(ScheduleTable, TheHistoryOfAllJobsIsBounded) {
  ScheduleTable table(1'000);
  StoredRuns stored;
  std::int64_t now = 0;
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(table.set_job(interval_job("job" + std::to_string(i), 1'000), {}, now));
  for (int round = 0; round < 1'100; ++round) {
    now += 5'000;
    for (const auto& due : table.take_due(now)) table.finish(due, std::nullopt, now);
    stored.apply(table.take_changes());
    ASSERT_LE(stored.runs.size(), ScheduleTable::kHistoryRowsMax);
  }
  EXPECT_GE(stored.runs.size(), ScheduleTable::kHistoryRowsKept);
  for (int i = 0; i < 12; ++i) EXPECT_GT(stored.of("job" + std::to_string(i)), 500u);

  // What is stored says the same to the next generation.
  ScheduleTable next(1'000);
  std::uint64_t rows = 0;
  for (const auto& [id, bytes] : stored.jobs) {
    auto row = decode_schedule(id, bytes).value();
    for (std::uint64_t n = row.first_run; n < row.next_run; ++n) EXPECT_TRUE(stored.runs.contains({id, n}));
    rows += row.runs();
    next.load(std::move(row), std::nullopt);
  }
  EXPECT_EQ(rows, stored.runs.size());
  EXPECT_EQ(next.next_due(), table.next_due());
}

TEST(ScheduleTable, WhatHasEndedLosesItsHistoryFirst) {
  ScheduleTable table(1'000);
  StoredRuns stored;
  std::int64_t now = 0;
  ASSERT_TRUE(table.set_job(interval_job("gone", 1'000), {}, now));
  for (int round = 0; round < 50; ++round) {
    now += 5'000;
    auto due = table.take_due(now);
    ASSERT_EQ(due.size(), 1u);
    std::optional<Error> error;
    if (round == 49) error = Error("actor", "action_not_found", "");
    table.finish(due[0], error, now);
  }
  EXPECT_EQ(table.find(job_id("gone")), nullptr);
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(table.set_job(interval_job("job" + std::to_string(i), 1'000), {}, now));
  for (int round = 0; round < 1'000; ++round) {
    now += 5'000;
    for (const auto& due : table.take_due(now)) table.finish(due, std::nullopt, now);
    stored.apply(table.take_changes());
  }
  EXPECT_EQ(stored.of("gone"), 0u);
  EXPECT_FALSE(stored.jobs.contains(job_id("gone")));
}

TEST(ScheduleTable, AOneShotKeepsTheAlarmUntilItsRunHasEnded) {
  ScheduleTable table(10);
  ScheduleRow row;
  row.id = "once";
  row.trigger_at = 100;
  ASSERT_TRUE(table.add(row));
  EXPECT_EQ(table.next_alarm(), 100);
  auto due = table.take_due(100);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(table.next_due(), std::nullopt);
  EXPECT_EQ(table.next_alarm(), 100);
  table.put_back(due[0]);
  EXPECT_EQ(table.next_due(), 100);
  due = table.take_due(150);
  table.finish(due[0], std::nullopt, 150);
  EXPECT_EQ(table.next_alarm(), std::nullopt);
}

TEST(ScheduleTable, TimesAtTheEndsOfTheRangeDoNotOverflow) {
  ScheduleTable table(10);
  for (const auto at : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    ScheduleRow row;
    row.id = std::to_string(at);
    row.trigger_at = at;
    ASSERT_TRUE(table.add(row));
  }
  auto job = interval_job("slow", 0);
  job.interval_ms = std::numeric_limits<std::int64_t>::max();
  ASSERT_TRUE(table.set_job(job, {}, 1'000));
  EXPECT_EQ(table.take_due(1'000).size(), 1u);
  EXPECT_EQ(table.next_due(), std::nullopt);
}

TEST(ScheduleRows, AreReadAsTheyWereWritten) {
  ScheduleRow row = interval_job("job", 7);
  row.trigger_at = 42;
  row.last_started_at = 41;
  row.first_run = 3;
  row.next_run = 9;
  row.running = RunningJob{8, "old", 40, 41};
  const Bytes bytes = encode_schedule(row);
  const auto read = decode_schedule(row.id, bytes).value();
  EXPECT_EQ(encode_schedule(read), bytes);
  EXPECT_EQ(read.running->action, "old");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = decode_schedule(row.id, BytesView(bytes).first(size));
    ASSERT_FALSE(cut) << size;
    EXPECT_TRUE(cut.error().is("schedule", "invalid_schedule_row"));
  }
  EXPECT_FALSE(decode_schedule("no-job", bytes));

  JobRun run{"act", 1, 2, 3, JobRun::Outcome::error, Error("user", "x", "y", Value::object({{"z", 1}}))};
  const Bytes run_bytes = encode_job_run(run);
  EXPECT_EQ(encode_job_run(decode_job_run(row.id, run_bytes).value()), run_bytes);
  EXPECT_FALSE(decode_job_run(row.id, BytesView(run_bytes).first(run_bytes.size() - 1)));

  EXPECT_EQ(encode_run_wake(0x01a2'0293'0715), (Bytes{1, 0, 1, 0x15, 0x07, 0x93, 0x02, 0xa2, 0x01, 0, 0}));
  EXPECT_EQ(decode_run_wake(encode_run_wake(std::nullopt)).value(), std::nullopt);
}

}  // namespace
}  // namespace troupe
