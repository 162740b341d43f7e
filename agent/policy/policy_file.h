// The policy file: strict JSON, described in docs/policy.md and docs/policy.schema.json.
//
// Whatever is wrong with it is said with its line and its member: unknown members, names that nothing
// defines, rules that contradict themselves or each other. A policy that cannot be read as a whole is not
// used at all.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "agent/policy/policy.h"

namespace agent {

/// Longest policy file, bytes.
inline constexpr std::size_t kMaxPolicyLength = 4 << 20;

/// The content of a key file that the policy names, with its path as the policy has it. May throw.
using ReadKeyFile = std::function<std::string(const std::string& path)>;

/// Reads the text of a policy; `name` is that of the file, for messages. Throws kPolicyMalformed, and what
/// `read_key_file` throws with the line added.
Policy parse_policy(std::string_view text, const std::string& name, const ReadKeyFile& read_key_file);

}  // namespace agent
