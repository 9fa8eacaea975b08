#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "troupe/behavior.h"

namespace troupe {

/// Where the code of a streamed body puts its pieces. Threads: the actor's executor.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Returns once the reader took the piece. `actor.aborted` when the reader is gone.
  virtual Task<Result<void>> write(Bytes piece) = 0;
  Task<Result<void>> write(std::string_view text) { return write(to_bytes(text)); }
};

/// A body whose pieces `produce` writes, in a task of the actor. At most one piece waits for the reader. An error of
/// `produce` aborts the body. Call it on the actor's executor; the stream itself may be read from any.
std::shared_ptr<BodyStream> make_body_stream(ActorContext& context,
                                             std::function<Task<Result<void>>(BodyWriter&)> produce);

}  // namespace troupe
