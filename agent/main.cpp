#include <iostream>

#include "agent/cli/program.h"

int main(int argc, char** argv) {
  return agent::run_program(argc, argv, std::cout, std::cerr);
}
