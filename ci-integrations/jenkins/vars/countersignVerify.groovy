// Fails the build unless every image is signed as demanded; see README.md. Returns digests to deploy, as a map.
//   countersignVerify(images: ['registry.example.com/team/app:1.2'], policy: 'policy.json', trustRoot: '3c85bce8…')
Map call(Map args = [:]) {
  return countersignStep('verify', args)
}
