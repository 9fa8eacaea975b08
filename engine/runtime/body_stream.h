#pragma once

#include <boost/intrusive/list.hpp>
#include <memory>
#include <optional>

#include "engine/base/async.h"
#include "engine/runtime/connections/connection.h"
#include "troupe/http.h"

namespace troupe {

class Instance;

/// The body of a response that the actor's code still produces. Its producer runs on the actor's executor; the request
/// counts as in flight, and its connection lives, until the end of the body.
/// Threads: the actor's executor only.
class BodyState final
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
      public std::enable_shared_from_this<BodyState> {
 public:
  using Piece = Result<std::optional<Bytes>>;

  BodyState(std::shared_ptr<Instance> actor, std::shared_ptr<BodyStream> producer,
            std::shared_ptr<ActorConnection> conn);

  void read(Continuation<Piece> waiter);
  void finish();
  /// The stop of the actor does not wait any longer.
  void abandon();

  /// What the reader gets.
  static std::shared_ptr<BodyStream> open(std::shared_ptr<Instance> actor, std::shared_ptr<BodyStream> producer,
                                          std::shared_ptr<ActorConnection> conn);

 private:
  class Reader;
  static Task<void> pull(std::shared_ptr<BodyState> self);

  std::shared_ptr<Instance> actor_;
  std::shared_ptr<BodyStream> producer_;
  std::shared_ptr<ActorConnection> conn_;
  Continuation<Piece> waiter_;
  bool finished_ = false;
  bool abandoned_ = false;
};

}  // namespace troupe
