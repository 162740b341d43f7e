// Hints with their values.
#pragma once

#include <string>
#include <string_view>

#include "tuf/base/error.h"

namespace tuf {

/// `hint` with the error's values, each as one word of a shell, for words that stand by themselves; what a
/// value holds is not looked at again.
std::string filled_in(std::string_view hint, const Error& error);

}  // namespace tuf
