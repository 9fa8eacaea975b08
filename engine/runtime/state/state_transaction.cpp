#include "engine/runtime/state/state_transaction.h"

#include <spdlog/spdlog.h>

#include <array>
#include <cstring>
#include <string>

#include "engine/runtime/instance/instance.h"
#include "engine/storage/keys.h"
#include "engine/storage/sqlite/reserved_table.h"

namespace troupe {
namespace {

/// Before the state in the row of a pending one.
using Token = std::array<std::uint8_t, 8>;

std::int64_t number_of(const Token& token) {
  std::int64_t number = 0;
  std::memcpy(&number, token.data(), token.size());
  return number;
}

std::string make_table() {
  return std::string("CREATE TABLE IF NOT EXISTS ") + kReservedTable +
         " (id INTEGER PRIMARY KEY CHECK (id = 1), token INTEGER NOT NULL)";
}
std::string set_token() {
  return std::string("INSERT INTO ") + kReservedTable +
         " (id, token) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET token = excluded.token";
}

Bytes pending_row(const Token& token, const Bytes& state) {
  Bytes row;
  row.reserve(token.size() + state.size());
  row.insert(row.end(), token.begin(), token.end());
  row.insert(row.end(), state.begin(), state.end());
  return row;
}

/// Steps 1 to 4. An error leaves the transaction open or ended, and everything else as it was.
Task<Result<void>> commit_both(std::shared_ptr<Instance> actor, std::shared_ptr<SqlTransaction> transaction,
                               StateChange& change) {
  TROUPE_CO_TRY(const auto state, change.serialize());
  Token token;
  actor->ports().random.fill(token);
  SqlParams params;
  params.positional.emplace_back(number_of(token));
  TROUPE_CO_CHECK(co_await transaction->execute(make_table(), SqlParams()));
  TROUPE_CO_CHECK(co_await transaction->execute(set_token(), std::move(params)));

  auto& saver = actor->saver();
  TROUPE_CO_CHECK(co_await saver.commit_and_hold(keys::actor_pending_state(actor->id()), pending_row(token, state)));
  auto outcome = change.apply();
  std::optional<Error> undone;
  if (outcome) {
    outcome = co_await transaction->commit();
    if (!outcome) {
      change.undo();
      undone = outcome.error();
      if (undone->is("sqlite", "commit_undecided")) {
        // Only the file knows, once it is opened anew.
        actor->crash(*undone, "the commit of a transaction");
      } else {
        spdlog::error("actor {}: a transaction could not be committed and is undone: {} {}", actor->info().actor_id,
                      undone->id(), undone->detail());
      }
    }
  }
  settle_pending_state(*actor);
  saver.go_on(undone);
  co_return outcome;
}

Task<Result<bool>> is_last_token(std::shared_ptr<Instance> actor, std::int64_t token) {
  auto& db = actor->data().db();
  SqlParams name;
  name.positional.emplace_back(std::string(kReservedTable));
  std::string look = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
  TROUPE_CO_TRY(const auto tables, co_await db.execute(std::move(look), std::move(name)));
  if (tables.rows.empty()) co_return false;
  SqlParams wanted;
  wanted.positional.emplace_back(token);
  std::string find = std::string("SELECT 1 FROM ") + kReservedTable + " WHERE token = ?";
  TROUPE_CO_TRY(const auto found, co_await db.execute(std::move(find), std::move(wanted)));
  if (found.rows.empty()) co_return false;
  // The state is going to say that the transaction was committed. If its sync had failed, the log would not survive a
  // power loss, and no later sync of the log proves anything; what is copied out of it and synced does.
  std::string copy = "PRAGMA wal_checkpoint(TRUNCATE)";
  TROUPE_CO_TRY(const auto copied, co_await db.exec(std::move(copy)));
  const bool complete = copied.rows.size() == 1 && !copied.rows[0].empty() && copied.rows[0][0] == SqlValue(int64_t{0});
  if (!complete) co_return make_error("sqlite", "unavailable", std::nullopt, "the log could not be written back");
  co_return true;
}

}  // namespace

Task<Result<void>> commit_transaction(std::shared_ptr<Instance> actor, std::shared_ptr<SqlTransaction> transaction,
                                      StateChange& change) {
  auto committing = commit_both(std::move(actor), transaction, change);
  auto outcome = co_await std::move(committing);
  if (!outcome) (void)co_await transaction->rollback();
  co_return outcome;
}

Task<Result<PendingState>> find_pending_state(std::shared_ptr<Instance> actor) {
  PendingState pending;
  TROUPE_CO_TRY(auto row, co_await actor->store().load_row(keys::actor_pending_state(actor->id())));
  if (!row) co_return pending;
  pending.found = true;
  Token token;
  if (row->size() < token.size())
    co_return make_error("storage", "corrupt", std::nullopt, "a pending state is cut short");
  std::copy_n(row->begin(), token.size(), token.begin());
  TROUPE_CO_TRY(const bool committed, co_await is_last_token(std::move(actor), number_of(token)));
  if (committed) pending.committed.emplace(row->begin() + token.size(), row->end());
  co_return pending;
}

void settle_pending_state(Instance& actor) {
  actor.saver().mark();
  // Refused only when the actor is over: its next start settles it.
  (void)actor.saver().erase(keys::actor_pending_state(actor.id()), Ack::written);
}

}  // namespace troupe
