// Text from outside in XML, SVG and HTML: nothing in it becomes markup there. Every document of that kind
// that is printed escapes here and nowhere else.
#pragma once

#include <string>
#include <string_view>

namespace agent {

/// One line of text, fit to stand between tags and in attributes with double quotes: made printable first
/// (printable.h), since XML cannot carry control characters at all.
std::string markup(std::string_view text);

/// The same of a text that is made of several lines and printable already, such as a document of JSON.
std::string markup_of_lines(std::string_view text);

}  // namespace agent
