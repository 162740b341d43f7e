// Signs image tags and proves that they are published; see README.md. Returns what was signed, as a map; fails the
// build if anything went wrong.
//   Map signed = countersign(images: ['registry.example.com/team/app:1.2'], key: 'pkcs11:token=ci;object=jenkins',
//                            pinCredentialsId: 'countersign-pin', trustRoot: '3c85bce8…')
Map call(Map args = [:]) {
  return countersignStep('sign', args)
}
