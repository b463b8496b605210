// What a rewrite does with one assignment: the key exchanged, or put into a list, or taken out of it.

internal import Formats
internal import Secrets

/// The kinds of rewrites.
enum EnvStep {
  /// The new key in place of the old one.
  case exchange
  /// The new key as the first of a list that goes on holding the old one.
  case add
  /// The old key out of a list that holds the new one.
  case drop
}

/// A rewrite of whatever assignment it is asked about.
struct EnvRewrite {
  let step: EnvStep
  let old: Needle
  let new: Secret

  enum Outcome {
    case stays
    /// The assignment is the key and nothing else.
    case whole
    /// The assignment holds more than the key; the whole value as it should be.
    case within(Secret)
    /// The new key can't stand where the old one does.
    case impossible
  }

  func outcome(of value: Secret) -> Outcome {
    switch step {
    case .exchange:
      switch Holding(value, old) {
      case .nothing: return .stays
      case .whole: return .whole
      case .part:
        let result = value.withBytes { old.replaced(in: $0, new, old.places(in: $0)) }
        // Where it could not be found again, nobody could say whether the rewrite was done.
        guard let result, Holding(result, Needle(new)) != .nothing else { return .impossible }
        return .within(result)
      }
    case .add:
      guard let list = ListValue(value), list.holds(old.value), !list.holds(new) else { return .stays }
      return list.adding(new).map { .within($0) } ?? .impossible
    case .drop:
      guard let list = ListValue(value), list.holds(old.value), list.holds(new) else { return .stays }
      return list.removing(old.value).map { .within($0) } ?? .stays
    }
  }
}
