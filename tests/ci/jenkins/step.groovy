// One step with every argument there is.
node {
  Map args = readJSON(text: params.ARGS)
  Map result = params.COMMAND == 'verify' ? countersignVerify(args) : countersign(args)
  writeFile(file: 'returned.json', text: writeJSON(json: result, returnText: true))
}
