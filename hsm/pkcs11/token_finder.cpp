#include "hsm/pkcs11/token_finder.h"

#include <algorithm>
#include <set>

#include "tuf/base/error.h"
#include "tuf/base/shell_word.h"
#include "tuf/base/words.h"

namespace hsm::pkcs11 {
namespace {

using tuf::ErrorCode;

std::string identity(const std::string& path) {
  std::error_code problem;
  const std::filesystem::path real = std::filesystem::canonical(path, problem);
  return problem ? path : real.string();
}

std::string name_with_serial(const Token& token) {
  return "'" + std::string(token.description().label) + "' (serial " + token.description().serialnr + ")";
}

}  // namespace

TokenFinder::TokenFinder(const TokenSettings& settings)
    : settings_(settings),
      watchdog_(std::make_shared<Watchdog>(settings.deadline, settings.on_deadline, settings.time_left)) {}

const std::vector<ConfiguredModule>& TokenFinder::candidates(const TokenUri& uri) {
  const std::string path = uri.module_path.empty() ? settings_.module_path : uri.module_path;
  const auto known = candidates_.find(path);
  if (known != candidates_.end()) return known->second;
  std::vector<ConfiguredModule> found;
  if (path.empty()) {
    found = configured_modules();
  } else {
    found.push_back({path, settings_.module_arguments});
  }
  return candidates_[path] = std::move(found);
}

std::chrono::milliseconds TokenFinder::lock_timeout() const {
  return settings_.time_left ? std::min(settings_.lock_timeout, settings_.time_left())
                             : settings_.lock_timeout;
}

TokenFinder::Phase TokenFinder::begin(const TokenUri& uri, const std::string& what) {
  std::set<std::string> files;  // in the same order in every process
  for (const ConfiguredModule& module : candidates(uri)) files.insert(identity(module.path));
  std::vector<StartupLock> locks;
  locks.reserve(files.size());
  for (const std::string& file : files) {
    locks.emplace_back(file, settings_.lock_folders, lock_timeout());
    if (!locks.back().is_held() && settings_.on_warning) {
      settings_.on_warning("NO_START_LOCK",
                           "no folder of this user's for a lock: processes that start together may not see "
                           "their token; set XDG_RUNTIME_DIR to a folder of your own");
    }
  }
  return {std::move(locks), *watchdog_, what};
}

const TokenFinder::Loaded& TokenFinder::load(const ConfiguredModule& module) {
  const std::string key = identity(module.path);
  const auto known = loaded_.find(key);
  if (known != loaded_.end()) return known->second;
  Loaded loaded;
  loaded.module = Module::load(module.path, module.arguments, watchdog_);
  for (PKCS11_SLOT* slot : loaded.module->occupied_slots()) {
    if (slot->token->initialized) loaded.tokens.push_back(std::make_shared<Token>(loaded.module, slot));
  }
  return loaded_[key] = std::move(loaded);
}

std::vector<const TokenFinder::Loaded*> TokenFinder::modules(const TokenUri& uri) {
  const bool named = !uri.module_path.empty() || !settings_.module_path.empty();
  std::vector<const Loaded*> found;
  failures_.clear();
  for (const ConfiguredModule& module : candidates(uri)) {
    try {
      found.push_back(&load(module));
    } catch (const tuf::Error& error) {
      if (named) throw;
      failures_.emplace_back(error.what());
    }
  }
  if (found.empty()) {
    throw tuf::Error(ErrorCode::kModuleFailed,
                     failures_.empty()
                         ? "no PKCS#11 module: none is named, and p11-kit is configured for none"
                         : tuf::join(failures_, "; "));
  }
  return found;
}

std::vector<std::shared_ptr<Token>> TokenFinder::fitting(const TokenUri& uri) {
  std::vector<std::shared_ptr<Token>> found;
  for (const Loaded* loaded : modules(uri)) {
    std::copy_if(loaded->tokens.begin(), loaded->tokens.end(), std::back_inserter(found),
                 [&](const std::shared_ptr<Token>& token) { return token->mismatch(uri).empty(); });
  }
  return found;
}

tuf::Error TokenFinder::not_found(const TokenUri& uri) {
  std::vector<std::string> seen;
  std::vector<std::string> paths;
  for (const Loaded* loaded : modules(uri)) {
    paths.push_back(loaded->module->path());
    for (const auto& token : loaded->tokens)
      seen.push_back(name_with_serial(*token) + ": " + token->mismatch(uri));
  }
  TokenUri wanted = uri;
  wanted.object.clear();
  wanted.id.clear();
  wanted.module_path.clear();
  wanted.pin_source.clear();
  std::string message = "no token fits " + wanted.to_string() + " in " + tuf::join(paths, "; ");
  message += seen.empty() ? ": no initialised token is there" : "; there is " + tuf::join(seen, "; ");
  if (!failures_.empty()) message += "; not loaded: " + tuf::join(failures_, "; ");
  const tuf::Error error(ErrorCode::kTokenNotFound, message);
  const std::string& module = uri.module_path.empty() ? settings_.module_path : uri.module_path;
  if (module.empty()) return error;
  // As in the table of errors, of the one module that was named.
  return error.with_hint(
      "plug the token in, start its service or name another; see what is there with: "
      "countersign token list --module " +
      tuf::shell_word(module));
}

std::shared_ptr<Token> TokenFinder::only(const TokenUri& uri) {
  const auto tokens = fitting(uri);
  if (tokens.empty()) throw not_found(uri);
  if (tokens.size() > 1) {
    std::vector<std::string> names;
    names.reserve(tokens.size());
    for (const auto& token : tokens)
      names.push_back(name_with_serial(*token) + " in " + token->module().path());
    throw tuf::Error(ErrorCode::kTokenAmbiguous,
                     std::to_string(tokens.size()) + " tokens fit the URI: " + tuf::join(names, "; "));
  }
  return tokens.front();
}

}  // namespace hsm::pkcs11
