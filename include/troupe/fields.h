#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>

namespace troupe {

/// A struct whose members are listed with TROUPE_FIELDS.
template <class T>
concept HasFields = requires(const T& value) {
  value.troupe_fields();
  { T::troupe_field_list() } -> std::convertible_to<std::string_view>;
};

template <HasFields T>
inline constexpr std::size_t kFieldCount = std::tuple_size_v<decltype(std::declval<const T&>().troupe_fields())>;

/// Names of the listed members, in order.
template <HasFields T>
constexpr std::array<std::string_view, kFieldCount<T>> field_names() {
  std::array<std::string_view, kFieldCount<T>> names{};
  std::string_view list = T::troupe_field_list();
  for (auto& name : names) {
    auto comma = list.find(',');
    name = list.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return names;
}

}  // namespace troupe

/// Inside a struct: the members that travel and are stored, as an object with these names. A member that is missing in
/// the input keeps its default and an unknown one is ignored, so that a stored struct can grow.
#define TROUPE_FIELDS(...)                                     \
  auto troupe_fields() { return std::tie(__VA_ARGS__); }       \
  auto troupe_fields() const { return std::tie(__VA_ARGS__); } \
  static constexpr std::string_view troupe_field_list() { return #__VA_ARGS__; }
