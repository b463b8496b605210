// From literals to claims, each read in a window of its own, so that a claim is a pure function of the bytes round its
// literal: at most ``GenericLimits/dependsBefore`` before and
// ``GenericLimits/dependsBehind`` behind it, with its surroundings.

enum GenericExtractor {
  /// Appends the claims that one literal leads to.
  static func read(
    _ anchor: GenericAnchor, at offset: Int, _ count: Int, in bytes: Span<UInt8>, into claims: inout [GenericClaim]
  ) {
    let window = GenericWindow(bytes, around: offset, count)
    switch anchor {
    case .name:
      let reader = GenericReader(window)
      let name = reader.name(around: offset, offset + count)
      guard name.count >= 2 else { return }
      reader.claims(name, into: &claims)
    case .url: append(GenericStructures.url(at: offset, window), to: &claims)
    case .scheme: append(GenericStructures.scheme(at: offset, count, window), to: &claims)
    case .login: append(GenericStructures.login(at: offset, count, window), to: &claims)
    case .account: append(GenericStructures.account(at: offset, window), to: &claims)
    case .provider: append(GenericStructures.provider(at: offset, count, window), to: &claims)
    case .client: GenericStructures.command(at: offset, count, window, into: &claims)
    case .hash: append(GenericStructures.hash(at: offset, count, window), to: &claims)
    case .webToken: append(GenericStructures.webToken(at: offset, window), to: &claims)
    case .armour: append(GenericStructures.armour(at: offset, count, window), to: &claims)
    case .record: GenericStructures.record(at: offset, count, window, into: &claims)
    case .table, .list: break
    }
  }

  private static func append(_ claim: GenericClaim?, to claims: inout [GenericClaim]) {
    if let claim { claims.append(claim) }
  }
}
