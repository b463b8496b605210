// Links entries to their predecessors, so that a changed, removed or inserted one is noticed.
// This is evidence against accidents and careless hands: whoever can write the ledger can also rebuild the chain.

internal import Secrets

enum HashChain {
  /// What the first link hangs on.
  static func start(_ name: String) -> String { Hex.encode(SHA256.hash(Array("keywright \(name)".utf8))) }

  /// The link of an entry whose fields are these. Each is preceded by its length, so that no two lists look the same.
  static func link(_ previous: String, _ fields: [String]) -> String {
    var material = Array(previous.utf8)
    for field in fields {
      material.append(contentsOf: "\n\(field.utf8.count):".utf8)
      material.append(contentsOf: field.utf8)
    }
    return Hex.encode(SHA256.hash(material))
  }
}
