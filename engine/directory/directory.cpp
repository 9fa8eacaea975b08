#include "engine/directory/directory.h"

#include "engine/base/errors.h"
#include "engine/directory/directory_impl.h"
#include "engine/directory/record_codec.h"
#include "engine/storage/keys.h"

namespace troupe {
namespace {

constexpr std::size_t kCachedRecords = 4'096;
constexpr std::size_t kCachedKeys = 16'384;
constexpr std::string_view kDefaultNamespace = "default";
constexpr std::string_view kDefaultDisplayName = "Default";

}  // namespace

std::unique_ptr<Directory> make_directory(Ports ports, Store& store, ActorStore& actors,
                                          std::uint16_t datacenter_label) {
  return std::make_unique<StoredDirectory>(ports, store, actors, datacenter_label);
}

StoredDirectory::StoredDirectory(Ports ports, Store& store, ActorStore& actors, std::uint16_t datacenter_label)
    : ports_(ports),
      store_(store),
      actors_(actors),
      label_(datacenter_label),
      records_(kCachedRecords),
      ids_(kCachedKeys) {}

Task<Result<void>> StoredDirectory::open() {
  TROUPE_CO_CHECK(co_await check_format());
  TROUPE_CO_CHECK(co_await load_namespaces());
  if (!namespaces_.find(kDefaultNamespace)) {
    TROUPE_CO_CHECK(co_await create_namespace(std::string(kDefaultNamespace), std::string(kDefaultDisplayName)));
  }
  co_return Result<void>();
}

void StoredDirectory::release_memory() {
  records_.release_unused();
  ids_.release_unused();
}

Task<Result<void>> StoredDirectory::check_format() {
  TROUPE_CO_TRY(auto stored, co_await store_.get(keys::format_version()));
  if (!stored) {
    WriteBatch batch;
    batch.put(keys::format_version(), keys::encode_format_version(keys::kFormatVersion));
    co_return co_await store_.commit(std::move(batch), Ack::durable);
  }
  const auto version = keys::parse_format_version(*stored);
  if (!version) co_return make_error("storage", "corrupt", std::nullopt, "format version");
  if (*version != keys::kFormatVersion) {
    Value metadata = Value::object({{"version", Value(*version)}, {"supported", Value(keys::kFormatVersion)}});
    co_return make_error("storage", "format_unsupported", std::move(metadata));
  }
  co_return Result<void>();
}

Task<Result<void>> StoredDirectory::load_namespaces() {
  auto range = keys::family(keys::Family::namespace_by_id);
  TROUPE_CO_TRY(auto entries, co_await store_.scan(std::move(range.begin), std::move(range.end)));
  for (const auto& entry : entries) {
    const auto id = keys::parse_id(BytesView(entry.key).subspan(1));
    if (!id) co_return make_error("storage", "corrupt", std::nullopt, "key of a namespace");
    TROUPE_CO_TRY(auto record, decode_namespace(*id, entry.value));
    namespaces_.add(std::move(record));
  }
  co_return Result<void>();
}

Task<Result<NamespaceRecord>> StoredDirectory::create_namespace(std::string name, std::string display_name) {
  if (!namespaces_.reserve(name)) co_return make_error("namespace", "name_not_unique");
  auto written = co_await write_namespace(name, std::move(display_name));
  if (written) namespaces_.add(*written);
  namespaces_.release(name);
  co_return written;
}

Task<Result<NamespaceRecord>> StoredDirectory::write_namespace(std::string name, std::string display_name) {
  NamespaceRecord record{Id::make(ports_.random, label_), std::move(name), std::move(display_name),
                         ports_.clock.now_ms()};
  WriteBatch batch;
  batch.put(keys::namespace_by_id(record.id), encode_namespace(record));
  batch.put(keys::namespace_by_name(record.name), keys::encode_id(record.id));
  TROUPE_CO_CHECK(co_await store_.commit(std::move(batch), Ack::durable));
  co_return record;
}

std::optional<NamespaceRecord> StoredDirectory::find_namespace(std::string_view name) const {
  return namespaces_.find(name);
}

std::optional<NamespaceRecord> StoredDirectory::find_namespace(const NamespaceId& id) const {
  return namespaces_.find(id);
}

std::vector<NamespaceRecord> StoredDirectory::namespaces() const { return namespaces_.all(); }

}  // namespace troupe
