#include "engine/hosts/envoy/tunnel/registry.h"

#include <cstring>
#include <utility>

namespace troupe {

ConversationId make_conversation_id(const envoyproto::GatewayId& gateway, const envoyproto::RequestId& request) {
  std::uint32_t high = 0, low = 0;
  std::memcpy(&high, gateway.data(), sizeof high);
  std::memcpy(&low, request.data(), sizeof low);
  return ConversationId{high} << 32 | low;
}

envoyproto::MessageId make_message_id(ConversationId id, std::uint16_t index) {
  envoyproto::MessageId message;
  const auto high = static_cast<std::uint32_t>(id >> 32), low = static_cast<std::uint32_t>(id);
  std::memcpy(message.gateway_id.data(), &high, sizeof high);
  std::memcpy(message.request_id.data(), &low, sizeof low);
  message.message_index = index;
  return message;
}

std::vector<std::shared_ptr<Conversation>> ConversationRegistry::start_generation(const EnvoyActorAddress& generation) {
  Generation earlier;
  {
    ActorShard& shard = shard_of(generation.actor);
    const std::lock_guard lock(shard.mutex);
    if (closed_) return {};
    Generation& place = shard.generations[generation.actor];
    if (place.number == generation.generation) return {};
    earlier = std::exchange(place, Generation{generation.generation, false, {}});
  }
  return erase_ids_of(std::move(earlier));
}

std::vector<std::shared_ptr<Conversation>> ConversationRegistry::stop_generation(const ActorId& actor,
                                                                                 std::uint32_t generation) {
  std::vector<std::shared_ptr<Conversation>> found;
  ActorShard& shard = shard_of(actor);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.generations.find(actor);
  if (it == shard.generations.end() || it->second.number != generation) return found;
  it->second.stopping = true;
  for (const auto& [id, conversation] : it->second.conversations) found.push_back(conversation);
  return found;
}

std::vector<std::shared_ptr<Conversation>> ConversationRegistry::end_generation(const ActorId& actor,
                                                                                std::uint32_t generation) {
  Generation ended;
  {
    ActorShard& shard = shard_of(actor);
    const std::lock_guard lock(shard.mutex);
    const auto it = shard.generations.find(actor);
    if (it == shard.generations.end() || it->second.number != generation) return {};
    ended = std::move(it->second);
    shard.generations.erase(it);
  }
  return erase_ids_of(std::move(ended));
}

std::vector<std::shared_ptr<Conversation>> ConversationRegistry::erase_ids_of(Generation generation) {
  std::vector<std::shared_ptr<Conversation>> left;
  left.reserve(generation.conversations.size());
  for (auto& [id, conversation] : generation.conversations) {
    erase_id(*conversation);
    left.push_back(std::move(conversation));
  }
  return left;
}

ConversationRegistry::Added ConversationRegistry::may_join(const Conversation& conversation) {
  ActorShard& shard = shard_of(conversation.to().actor);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.generations.find(conversation.to().actor);
  if (it == shard.generations.end() || it->second.number != conversation.to().generation) return Added::generation_over;
  return it->second.stopping && !conversation.can_join_stopping() ? Added::generation_stopping : Added::yes;
}

ConversationRegistry::Added ConversationRegistry::add(const std::shared_ptr<Conversation>& conversation,
                                                      std::shared_ptr<Conversation>* replaced) {
  if (const Added refused = may_join(*conversation); refused != Added::yes) return refused;
  if (size_.fetch_add(1, std::memory_order_relaxed) >= conversations_max_) {
    size_.fetch_sub(1, std::memory_order_relaxed);
    return Added::full;
  }
  // By id first: once the generation knows of it, its end finds it in both.
  {
    IdShard& shard = shard_of(conversation->id());
    const std::lock_guard lock(shard.mutex);
    auto& place = shard.conversations[conversation->id()];
    if (replaced) *replaced = place;
    if (const auto earlier = std::exchange(place, conversation)) count_out(*earlier);
    if (conversation->is_websocket()) websockets_.fetch_add(1, std::memory_order_relaxed);
  }
  bool over = true, stopping = false;
  {
    ActorShard& shard = shard_of(conversation->to().actor);
    const std::lock_guard lock(shard.mutex);
    const auto it = shard.generations.find(conversation->to().actor);
    if (it != shard.generations.end() && it->second.number == conversation->to().generation) {
      it->second.conversations[conversation->id()] = conversation;
      over = false;
      stopping = it->second.stopping && !conversation->can_join_stopping();
    }
  }
  if (over) erase_id(*conversation);
  if (over) return Added::generation_over;
  return stopping ? Added::stopping_meanwhile : Added::yes;
}

bool ConversationRegistry::erase_id(const Conversation& conversation) {
  std::shared_ptr<Conversation> dropped;
  IdShard& shard = shard_of(conversation.id());
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.conversations.find(conversation.id());
  if (it == shard.conversations.end() || it->second.get() != &conversation) return false;
  dropped = std::move(it->second);
  shard.conversations.erase(it);
  count_out(conversation);
  return true;
}

void ConversationRegistry::count_out(const Conversation& conversation) {
  size_.fetch_sub(1, std::memory_order_relaxed);
  if (conversation.is_websocket()) websockets_.fetch_sub(1, std::memory_order_relaxed);
}

void ConversationRegistry::remove(const Conversation& conversation) {
  if (!erase_id(conversation)) return;
  std::shared_ptr<Conversation> dropped;
  ActorShard& shard = shard_of(conversation.to().actor);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.generations.find(conversation.to().actor);
  if (it == shard.generations.end()) return;
  const auto place = it->second.conversations.find(conversation.id());
  if (place == it->second.conversations.end() || place->second.get() != &conversation) return;
  dropped = std::move(place->second);
  it->second.conversations.erase(place);
}

std::shared_ptr<Conversation> ConversationRegistry::find(ConversationId id) {
  IdShard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.conversations.find(id);
  return it == shard.conversations.end() ? nullptr : it->second;
}

std::vector<std::shared_ptr<Conversation>> ConversationRegistry::of_link(const EnvoyLink& link) {
  std::vector<std::shared_ptr<Conversation>> found;
  for (IdShard& shard : id_shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [id, conversation] : shard.conversations)
      if (conversation->to().link.get() == &link) found.push_back(conversation);
  }
  return found;
}

std::vector<std::shared_ptr<Conversation>> ConversationRegistry::close() {
  // First: whoever begins a generation now finds out under the lock of its shard.
  closed_ = true;
  std::vector<std::shared_ptr<Conversation>> left;
  for (ActorShard& shard : actor_shards_) {
    decltype(shard.generations) generations;
    {
      const std::lock_guard lock(shard.mutex);
      generations.swap(shard.generations);
    }
    for (auto& [actor, generation] : generations)
      for (auto& conversation : erase_ids_of(std::move(generation))) left.push_back(std::move(conversation));
  }
  return left;
}

}  // namespace troupe
