#pragma once

#include "engine/runtime/queue/queue_index.h"
#include "engine/runtime/queue/queue_record.h"
#include "engine/runtime/queue/queue_waits.h"
#include "engine/storage/actors/row_changes.h"
#include "troupe/queue.h"

namespace troupe {

class Instance;

/// The queue of one generation. Rows in the store are the truth over restarts; an index of them in memory, read at the
/// first use, is the truth while the actor runs.
///
/// A message from outside is a commit of its own, whose success makes it visible. What the actor's code does, sending
/// and completing, is staged with its other changes. The removal of a message that is received for good is a commit of
/// its own again, made before anybody sees the message.
/// Threads: the actor's executor only. Lifetime: part of the instance, which whoever waits here keeps alive.
class ActorQueue final : public Queue {
 public:
  explicit ActorQueue(Instance& actor);

  Task<Result<QueueMessage>> send(std::string name, Bytes body) override;
  Task<Result<std::vector<QueueMessage>>> receive(QueueReceive wanted) override;
  Task<Result<void>> wait_available(QueueReceive wanted) override;
  Task<Result<std::optional<Bytes>>> send_and_wait(std::string name, Bytes body, std::optional<ms> timeout,
                                                   std::shared_ptr<AbortSignal> abort) override;
  Task<Result<bool>> complete(std::uint64_t id, std::string name, std::optional<Bytes> response) override;
  Task<Result<QueueInspection>> inspect(std::size_t messages_max) override;
  Task<Result<QueueMessage>> add(std::string name, Bytes body) override;
  Task<Result<void>> reset() override;

  QueueReplies& replies() { return replies_; }
  /// The abort signal of the actor: ends every wait of its code.
  void abort() { receivers_.abort_all(); }
  /// Nobody is left who could complete a message.
  void drop_replies() { replies_.drop_all(); }

 private:
  class Completion;

  Task<Result<void>> open();
  Task<Result<void>> load();
  /// Errors: `queue.message_too_large`.
  Result<void> check_size(const std::string& name, const Bytes& body) const;
  /// Errors: also `queue.full`.
  Result<void> check_room(const std::string& name, const Bytes& body) const;
  QueueMessage make_message(std::uint64_t id, const std::string& name, const QueueIndex::Entry& entry) const;
  Bytes row_of(std::uint64_t id) const;
  Task<Result<void>> save(std::shared_ptr<const RowChanges> rows, Ack ack);
  /// For a commit that does not go through the saver.
  void put_next_id(RowChanges& rows);
  void wake();

  /// Messages in the order of `ids`; those that are gone are left out.
  Task<Result<std::vector<QueueMessage>>> take(std::vector<std::uint64_t> ids);
  Task<Result<std::vector<QueueMessage>>> read(std::vector<std::uint64_t> ids, bool completable);
  /// Waits for a message of these names. False: the time is over.
  Task<Result<bool>> wait_for(const QueueReceive& wanted, std::optional<std::chrono::nanoseconds> until);
  std::optional<std::chrono::nanoseconds> until(std::optional<ms> timeout) const;
  /// False: not there.
  bool stage_completion(std::uint64_t id, std::optional<Bytes> response);
  Task<Result<void>> commit_completion();

  Instance& actor_;
  QueueIndex index_;
  QueueReceivers receivers_;
  QueueReplies replies_;
  bool open_ = false;
  bool opening_ = false;
  Signal opened_;
};

}  // namespace troupe
