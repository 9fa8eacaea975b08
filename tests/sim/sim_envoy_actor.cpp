#include "tests/sim/sim_envoy_actor.h"

#include <algorithm>
#include <cstring>

#include "tests/sim/sim_envoy.h"

namespace troupe::sim {
namespace {

using namespace envoyproto;

constexpr std::size_t kPageBytes = 4'096;
constexpr std::uint32_t kPagesMax = 16;
/// Times in a sheet are relative to it.
constexpr std::int64_t kEpochMs = 1'600'000'000'000;
/// In 100 ms, so that it fits.
constexpr std::int64_t kDueUnitMs = 100;

Bytes to_pages(const std::vector<SheetEntry>& sheet) {
  const std::size_t bytes = sheet.size() * sizeof(SheetEntry);
  Bytes pages((bytes + kPageBytes - 1) / kPageBytes * kPageBytes);
  if (bytes > 0) std::memcpy(pages.data(), sheet.data(), bytes);
  return pages;
}

std::vector<SheetEntry> from_pages(const Bytes& pages) {
  std::vector<SheetEntry> sheet;
  for (std::size_t at = 0; at + sizeof(SheetEntry) <= pages.size(); at += sizeof(SheetEntry)) {
    SheetEntry entry;
    std::memcpy(&entry, pages.data() + at, sizeof entry);
    if (entry.instance == 0) break;
    sheet.push_back(entry);
  }
  return sheet;
}

/// The `index`-th part of a path, from 0.
std::string part(const std::string& path, int index) {
  std::size_t at = 1;
  for (; index > 0; --index) at = path.find('/', at) + 1;
  return path.substr(at, path.find('/', at) - at);
}

std::uint32_t number_in(const std::string& path, int index) {
  return static_cast<std::uint32_t>(std::stoul(part(path, index)));
}

}  // namespace

SimEnvoyActor::SimEnvoyActor(EnvoyWorld& world, SimEnvoy& envoy, ActorCheckpoint start, std::string key,
                             std::uint32_t instance)
    : world_(world),
      envoy_(envoy),
      id_(std::move(start.actor_id)),
      key_(std::move(key)),
      generation_(start.generation),
      instance_(instance),
      checks_head_(world.random.chance(50)) {}

void SimEnvoyActor::later(Millis delay, void (SimEnvoyActor::*what)()) {
  envoy_.run_after(delay, [self = shared_from_this(), what] {
    if (!self->over_) (self.get()->*what)();
  });
}

// -- start and end -----------------------------------------------------------------------------------------

void SimEnvoyActor::begin() { load(world_.promises.committed_count(key_)); }

void SimEnvoyActor::load(std::size_t committed) {
  SqliteGetPagesRequest request;
  request.actor_id = id_;
  request.expected_generation = generation_;
  for (std::uint32_t page = 1; page <= kPagesMax; ++page) request.pgnos.push_back(page);
  envoy_.ask(std::move(request), [self = shared_from_this(), committed](const SqliteGetPagesResponse* answer) {
    if (self->over_) return;
    if (!answer) return self->crash("the sheet cannot be read");
    const auto* error = std::get_if<SqliteErrorResponse>(answer);
    if (error && error->code != "database_not_found") return self->crash(error->message);
    if (const auto* ok = std::get_if<SqliteGetPagesOk>(answer)) {
      for (const auto& page : ok->pages)
        if (page.bytes) self->written_.insert(self->written_.end(), page.bytes->begin(), page.bytes->end());
      self->head_ = ok->head_txid.value_or(0);
    }
    self->sheet_ = from_pages(self->written_);
    self->written_entries_ = self->sheet_.size();
    self->world_.promises.check_sheet(self->key_, self->sheet_, committed);
    self->list(self->world_.promises.put_count(self->key_));
  });
}

void SimEnvoyActor::list(std::size_t put) {
  envoy_.ask(id_, KvListRequest{KvListAllQuery(), std::nullopt, std::nullopt},
             [self = shared_from_this(), put](const KvResponseData* answer) {
               if (self->over_) return;
               const auto* found = answer ? std::get_if<KvListResponse>(answer) : nullptr;
               if (!found) return self->crash("the entries cannot be read");
               for (const Bytes& key : found->keys)
                 self->entries_.insert(static_cast<std::uint32_t>(std::stoul(to_string(key))));
               self->world_.promises.check_entries(self->key_, self->entries_, put);
               self->run();
             });
}

void SimEnvoyActor::run() {
  running_ = true;
  world_.promises.runs(key_);
  envoy_.tell(*this, EventActorStateUpdate{ActorStateRunning{}});
  tell_alarm();
  watch_alarm();
  go_on();
}

void SimEnvoyActor::stop() {
  stopping_ = true;
  if (running_) go_on();
}

void SimEnvoyActor::save_and_stop() {
  stopping_ = must_save_ = true;
  if (running_) go_on();
}

void SimEnvoyActor::crash(const std::string& why) {
  over_ = true;
  envoy_.tell(*this, EventActorStateUpdate{ActorStateStopped{StopCode::error, why}});
  envoy_.ended(*this);
}

// -- what it does -----------------------------------------------------------------------------------------

void SimEnvoyActor::request(std::shared_ptr<Exchange> exchange) {
  world_.promises.delivered(number_in(exchange->path, 1));
  waiting_.push_back(std::move(exchange));
  go_on();
}

void SimEnvoyActor::go_on() {
  if (!running_ || acting_ || over_) return;
  ++done_;
  if (std::exchange(alarm_due_, false)) return fire_alarms();
  if (!waiting_.empty()) {
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    return act(*next);
  }
  if (!stopping_) return consider_sleep();
  if (std::exchange(must_save_, false)) {
    add({static_cast<std::uint32_t>(world_.promises.next_number()), instance_, generation_, 0, 0});
    return commit([] {});
  }
  over_ = true;
  envoy_.tell(*this, EventActorStateUpdate{ActorStateStopped{}});
  envoy_.ended(*this);
}

void SimEnvoyActor::act(const Exchange& exchange) {
  const std::string what = part(exchange.path, 0);
  if (what == "read") {
    answer(exchange, reading());
    return go_on();
  }
  const std::uint32_t number = number_in(exchange.path, 1);
  const std::string body = std::to_string(number) + ":" + std::to_string(exchange.body_bytes);
  auto done = [self = shared_from_this(), exchange, body] { self->answer(exchange, body); };
  if (what == "put") {
    acting_ = true;
    KvPutRequest put;
    put.keys.push_back(to_bytes(std::to_string(number)));
    put.values.push_back(to_bytes(key_));
    return envoy_.ask(id_, std::move(put), [self = shared_from_this(), number, done](const KvResponseData* put_answer) {
      if (put_answer && std::holds_alternative<KvPutResponse>(*put_answer)) {
        self->world_.promises.put(self->key_, number);
      } else if (!self->over_) {
        self->crash("an entry cannot be written");
      }
      if (self->over_) return;
      self->entries_.insert(number);
      self->acting_ = false;
      done();
      self->go_on();
    });
  }
  SheetEntry entry{number, instance_, generation_, 0, 0};
  if (what == "alarm") {
    const std::int64_t due_ms = world_.wall_ms() + number_in(exchange.path, 2);
    entry.due = static_cast<std::uint32_t>((due_ms - kEpochMs) / kDueUnitMs + 1);
  }
  add(entry);
  commit([self = shared_from_this(), alarm = entry.due != 0, done] {
    if (alarm) self->tell_alarm();
    if (alarm) self->watch_alarm();
    done();
  });
}

void SimEnvoyActor::commit(std::function<void()> then) {
  acting_ = true;
  Bytes pages = to_pages(sheet_);
  SqliteCommitRequest request;
  request.actor_id = id_;
  request.db_size_pages = static_cast<std::uint32_t>(pages.size() / kPageBytes);
  request.now_ms = world_.wall_ms();
  const std::uint32_t newest = world_.promises.newest(key_);
  request.expected_generation = world_.defects.ignores_fences ? newest : generation_;
  if (checks_head_) request.expected_head_txid = head_;
  for (std::size_t at = 0; at < pages.size(); at += kPageBytes) {
    const auto begin = pages.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(kPageBytes);
    const bool same =
        at < written_.size() && std::equal(begin, end, written_.begin() + static_cast<std::ptrdiff_t>(at));
    if (!same) request.dirty_pages.push_back({static_cast<std::uint32_t>(at / kPageBytes + 1), Bytes(begin, end)});
  }
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = written_entries_; i < sheet_.size(); ++i) numbers.push_back(sheet_[i].number);
  written_ = std::move(pages);
  written_entries_ = sheet_.size();
  auto answered = [self = shared_from_this(), numbers, newest, then](const SqliteCommitResponse* answer) {
    const auto* ok = answer ? std::get_if<SqliteCommitOk>(answer) : nullptr;
    if (ok) self->world_.promises.committed(self->key_, numbers, self->generation_, newest);
    if (self->over_) return;
    if (!ok) return self->crash("the sheet cannot be written");
    self->head_ = ok->head_txid.value_or(self->head_ + 1);
    self->acting_ = false;
    then();
    self->go_on();
  };
  envoy_.ask(std::move(request), std::move(answered));
}

std::string SimEnvoyActor::reading() const {
  std::string text;
  for (const SheetEntry& entry : sheet_) text += std::to_string(entry.number) + " ";
  for (const std::uint32_t number : entries_) text += std::to_string(number) + " ";
  return text;
}

void SimEnvoyActor::answer(const Exchange& given, std::string body) {
  Exchange exchange = given;
  ToRivetResponseStart start;
  start.status = 200;
  const bool earlier = world_.defects.answers_as_earlier && generation_ > 1 && world_.random.chance(30);
  start.headers.emplace_back("x-rivet-actor-generation", std::to_string(generation_ - (earlier ? 1 : 0)));
  if (world_.defects.swaps_answers && world_.random.chance(5)) body = "0:0";
  const bool never_finishes = world_.defects.never_finishes && world_.random.chance(30);
  start.stream = exchange.streams && (never_finishes || world_.random.chance(20));
  if (!start.stream) {
    start.body = to_bytes(body);
    return envoy_.answer(exchange, std::move(start));
  }
  envoy_.answer(exchange, std::move(start));
  for (const char letter : body) {
    ++exchange.next_index;
    envoy_.answer(exchange, ToRivetResponseChunk{Bytes{static_cast<std::uint8_t>(letter)}, false});
  }
  ++exchange.next_index;
  if (!never_finishes) envoy_.answer(exchange, ToRivetResponseChunk{{}, true});
}

// -- alarms and sleep -----------------------------------------------------------------------------------------

std::optional<std::int64_t> SimEnvoyActor::next_alarm_ms() const {
  std::map<std::uint32_t, std::uint32_t> pending;
  for (const SheetEntry& entry : sheet_) {
    if (entry.due != 0) pending[entry.number] = entry.due;
    if (entry.fired != 0) pending.erase(entry.number);
  }
  std::optional<std::int64_t> next;
  for (const auto& [number, due] : pending) {
    const std::int64_t due_ms = kEpochMs + due * kDueUnitMs;
    if (!next || due_ms < *next) next = due_ms;
  }
  return next;
}

void SimEnvoyActor::tell_alarm() { envoy_.tell(*this, EventActorSetAlarm{next_alarm_ms()}); }

void SimEnvoyActor::watch_alarm() {
  const auto next = next_alarm_ms();
  if (!next) return;
  const std::int64_t left = *next - world_.wall_ms();
  if (left > 0) return later(Millis(left), &SimEnvoyActor::watch_alarm);
  alarm_due_ = true;
  go_on();
}

void SimEnvoyActor::fire_alarms() {
  const std::int64_t now = world_.wall_ms();
  std::map<std::uint32_t, std::uint32_t> due;
  for (const SheetEntry& entry : sheet_) {
    if (entry.due != 0 && kEpochMs + entry.due * kDueUnitMs <= now) due[entry.number] = entry.due;
    if (entry.fired != 0) due.erase(entry.number);
  }
  if (due.empty()) return go_on();
  for (const auto& [number, at] : due) add({number, instance_, generation_, 0, 1});
  commit([self = shared_from_this()] {
    self->tell_alarm();
    self->watch_alarm();
  });
}

void SimEnvoyActor::consider_sleep() {
  if (wants_sleep_ || world_.defects.never_finishes) return;
  const auto idle = [self = shared_from_this(), done = done_] {
    if (self->over_ || self->stopping_ || self->acting_ || self->done_ != done || self->wants_sleep_) return;
    self->wants_sleep_ = true;
    self->world_.promises.wants_sleep(self->key_);
    self->envoy_.tell(*self, EventActorIntent{ActorIntentSleep{}});
  };
  envoy_.run_after(world_.some_time(200, 600), idle);
}

}  // namespace troupe::sim
