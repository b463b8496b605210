// One thread's detector: literals in, judged claims out.

internal import Model

/// A dump of what the model sees, for the training scripts.
public struct GenericSample: Sendable {
  /// The form's name.
  public var form: String
  /// The name's bytes.
  public var name: Range<Int>
  /// The value's bytes.
  public var value: Range<Int>
  /// Every feature that is not 0, by number.
  public var features: [(Int, Int16)]
}

/// Finds credentials by what names them.
public final class GenericDetector {
  private static let finder = LiteralFinder(
    GenericAnchor.allCases.flatMap { anchor in
      anchor.literals.map { Literal(bytes: Array($0.text.utf8), ignoresCase: $0.ignoresCase, rule: anchor.rawValue) }
    })
  private var vector = GenericVector()

  /// A detector of its own memory.
  public init() {}

  /// The names of the features, by number.
  public static var featureNames: [String] { (0..<GenericLayout.count).map(GenericLayout.label) }

  func claims(_ bytes: Span<UInt8>) -> [GenericClaim] {
    var claims: [GenericClaim] = []
    var nameEnd = 0
    GenericDetector.finder.forEachHit(in: bytes) { kind, offset, count in
      guard let anchor = GenericAnchor(rawValue: kind) else { return }
      if anchor == .name {
        if offset < nameEnd { return }
        var end = offset + count
        while end < bytes.count, end < offset + GenericLimits.nameBytes, Bytes.isWord(bytes[end]) { end += 1 }
        nameEnd = end
      }
      GenericExtractor.read(anchor, at: offset, count, in: bytes, into: &claims)
    }
    return claims
  }

  /// What the training scripts learn from: every claim in `bytes` with its features.
  public func samples(_ bytes: Span<UInt8>, path: Span<UInt8>) -> [GenericSample] {
    claims(bytes).filter { GenericSieve.passes($0, bytes) }.map { claim in
      vector.clear()
      vector.measureValue(claim, bytes)
      vector.measureSurroundings(claim, bytes)
      vector.measurePath(path)
      let features = vector.values.enumerated().filter { $0.element != 0 }.map { ($0.offset, $0.element) }
      return GenericSample(form: "\(claim.form)", name: claim.name, value: claim.value, features: features)
    }
  }
}
