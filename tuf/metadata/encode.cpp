#include "tuf/base/error.h"
#include "tuf/metadata/append.h"
#include "tuf/metadata/codec.h"
#include "tuf/metadata/target_text.h"

// Text is appended directly, members in canonical order: repositories have ten thousand tags in one file, and
// a tree of JSON values for each would cost more than signing it.
namespace tuf {
namespace {

void append_number(std::string& out, std::int64_t number) {
  out += std::to_string(number);
}

template <class List, class AppendValue>
void append_array(std::string& out, const List& list, AppendValue append_value) {
  out += '[';
  const char* separator = "";
  for (const auto& value : list) {
    out += separator;
    append_value(out, value);
    separator = ",";
  }
  out += ']';
}

void append_key_id(std::string& out, const KeyId& id) {
  out += '"';
  out += id.hex();
  out += '"';
}

void append_keys(std::string& out, const std::map<KeyId, KeyObject>& keys) {
  out += '{';
  const char* separator = "";
  for (const auto& [id, key] : keys) {
    out += separator;
    append_key_id(out, id);
    out += R"(:{"keytype":)";
    append_canonical_string(out, key.keytype);
    out += R"(,"keyval":{"private":null,"public":)";
    append_canonical_string(out, key.value);
    out += "}}";
    separator = ",";
  }
  out += '}';
}

void append_file_meta(std::string& out, const FileMeta& meta) {
  out += R"({"hashes":)";
  append_hashes(out, meta.hashes);
  out += R"(,"length":)";
  append_number(out, meta.length);
  out += '}';
}

void append_role_keys(std::string& out, const RoleKeys& role) {
  out += R"({"keyids":)";
  append_array(out, role.key_ids, append_key_id);
  out += R"(,"threshold":)";
  append_number(out, role.threshold);
  out += '}';
}

void append_delegation(std::string& out, const DelegationRole& role) {
  out += R"({"keyids":)";
  append_array(out, role.key_ids, append_key_id);
  out += R"(,"name":)";
  append_canonical_string(out, role.name.text());
  if (!role.paths.empty()) {
    out += R"(,"paths":)";
    append_array(out, role.paths, append_canonical_string);
  }
  out += R"(,"threshold":)";
  append_number(out, role.threshold);
  out += '}';
}

void append_expires(std::string& out, Time expires) {
  out += R"("expires":")";
  out += format_time(expires);
  out += '"';
}

void append_version(std::string& out, std::int64_t version) {
  out += R"(,"version":)";
  append_number(out, version);
  out += '}';
}

}  // namespace

std::string encode_signed(const Root& root) {
  std::string out = R"({"_type":"Root","consistent_snapshot":)";
  out += root.consistent_snapshot ? "true," : "false,";
  append_expires(out, root.expires);
  out += R"(,"keys":)";
  append_keys(out, root.keys);
  out += R"(,"roles":)";
  append_object(out, root.roles, append_role_keys);
  append_version(out, root.version);
  return out;
}

std::string encode_signed(const Targets& targets) {
  std::string out = R"({"_type":"Targets","delegations":{"keys":)";
  append_keys(out, targets.keys);
  out += R"(,"roles":)";
  append_array(out, targets.roles, append_delegation);
  out += "},";
  append_expires(out, targets.expires);
  out += R"(,"targets":)";
  targets.targets.append_to(out);
  append_version(out, targets.version);
  return out;
}

std::string encode_signed(const Snapshot& snapshot) {
  std::string out = R"({"_type":"Snapshot",)";
  append_expires(out, snapshot.expires);
  out += R"(,"meta":)";
  append_object(out, snapshot.meta, append_file_meta);
  append_version(out, snapshot.version);
  return out;
}

std::string encode_signed(const Timestamp& timestamp) {
  std::string out = R"({"_type":"Timestamp",)";
  append_expires(out, timestamp.expires);
  out += R"(,"meta":{"snapshot":)";
  append_file_meta(out, timestamp.snapshot);
  out += '}';
  append_version(out, timestamp.version);
  return out;
}

std::string encode_file(std::string_view signed_text, const std::vector<Signature>& signatures) {
  std::string envelope = R"({"signed":)";
  envelope += signed_text;
  envelope += R"(,"signatures":)";
  append_array(envelope, signatures, [](std::string& out, const Signature& signature) {
    out += R"({"keyid":)";
    append_canonical_string(out, signature.keyid);
    out += R"(,"method":)";
    append_canonical_string(out, signature.method);
    out += R"(,"sig":)";
    append_base64(out, signature.value);
    out += '}';
  });
  envelope += '}';
  if (!has_wire_form(envelope)) {
    throw Error(ErrorCode::kInternal, "metadata with a control character cannot be written");
  }
  return wire_form(std::move(envelope));
}

}  // namespace tuf
