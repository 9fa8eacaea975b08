#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

class AbortSignal;

/// Of a message that was received as completable. Shared by its copies.
class QueueCompletion {
 public:
  virtual ~QueueCompletion() = default;
  /// Removes the message and gives `response` (CBOR; nothing: none) to its sender, if that waits. What the actor's code
  /// has changed so far is committed with it, as one. Errors: `queue.already_completed`, those of the store; after one
  /// of these the message counts as completed for this generation, and a second call commits again.
  virtual Task<Result<void>> complete(std::optional<Bytes> response) = 0;
  virtual bool completed() const = 0;
};

struct QueueMessage {
  /// 1, 2, 3, … for each actor, also over restarts.
  std::uint64_t id = 0;
  std::string name;
  /// CBOR.
  Bytes body;
  std::int64_t created_at_ms = 0;
  /// Null unless it was received as completable.
  std::shared_ptr<QueueCompletion> completion;
};

/// What a receiver wants.
struct QueueReceive {
  /// None: every name.
  std::vector<std::string> names;
  /// None: for ever; 0: not at all.
  std::optional<std::chrono::milliseconds> timeout;
  /// At most; 0 counts as 1.
  std::size_t count = 1;
  /// The messages stay until they are completed.
  bool completable = false;
  /// Ends the wait with `actor.aborted`. May be null.
  std::shared_ptr<AbortSignal> abort;
};

/// A message from outside the actor.
struct QueueSend {
  std::string name;
  /// CBOR.
  Bytes body;
  /// Until the message is completed.
  bool wait = false;
  std::optional<std::chrono::milliseconds> timeout;
  /// Ends the wait with `actor.aborted`; the message stays. May be null.
  std::shared_ptr<AbortSignal> abort = nullptr;
};

struct QueueSent {
  /// False: the time was over before somebody completed the message, which stays in the queue.
  bool completed = true;
  /// What it was completed with.
  std::optional<Bytes> response;
};

struct QueueInspection {
  struct Message {
    std::uint64_t id = 0;
    std::string name;
    std::int64_t created_at_ms = 0;
  };
  std::size_t size = 0;
  std::size_t max_size = 0;
  /// The oldest ones.
  std::vector<Message> messages;
  bool truncated = false;
};

/// The messages of one actor: one durable line in order of their ids, in which a name is a label.
///
/// A message that is received without `completable` is removed before the call returns, so it is seen at most once. One
/// that is received as completable stays, and every receive gives it again until it is completed, also in the next
/// generation: at least once. Its effect and its completion, when they happen in one turn, are one commit.
/// Threads: the actor's executor only. Limits: `max_queue_size` messages → `queue.full`, `max_queue_message_size` bytes
/// of a record → `queue.message_too_large`. Other errors: those of the store, `actor.stopping` after the end.
class Queue {
 public:
  using ms = std::chrono::milliseconds;
  virtual ~Queue() = default;

  /// Adds a message that is committed with the other changes of the turn. `body` is CBOR.
  virtual Task<Result<QueueMessage>> send(std::string name, Bytes body) = 0;
  /// The oldest messages of these names, at once when there are any; else it waits. Nothing when the time is over.
  /// While it waits, the run handler does not keep the actor awake. Errors: `actor.aborted`.
  virtual Task<Result<std::vector<QueueMessage>>> receive(QueueReceive wanted) = 0;
  /// Waits until there is a message and leaves it. Errors: `queue.timed_out`, `actor.aborted`.
  virtual Task<Result<void>> wait_available(QueueReceive wanted) = 0;
  /// Adds a message durably and waits for its completion; the stop of the actor does not end this wait by itself.
  /// Errors: `queue.timed_out` (the message stays), `actor.aborted` by `abort`, `queue.completion_waiter_dropped`.
  virtual Task<Result<std::optional<Bytes>>> send_and_wait(std::string name, Bytes body, std::optional<ms> timeout,
                                                           std::shared_ptr<AbortSignal> abort) = 0;
  /// Completes by id, as after a restart. False when no message of that id and name is there.
  virtual Task<Result<bool>> complete(std::uint64_t id, std::string name, std::optional<Bytes> response) = 0;

  // -- for inspectors -------------------------------------------------------------------------------------------------
  virtual Task<Result<QueueInspection>> inspect(std::size_t messages_max) = 0;
  /// Adds a message durably, whether or not its name is declared.
  virtual Task<Result<QueueMessage>> add(std::string name, Bytes body) = 0;
  /// Removes every message; who waits for one gets `queue.completion_waiter_dropped`. Ids go on.
  virtual Task<Result<void>> reset() = 0;
};

}  // namespace troupe
