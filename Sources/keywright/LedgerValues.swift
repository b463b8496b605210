// The values that the ledger holds: those of rotations that have not ended. They are opened for this process's memory only.

internal import ArgumentParser
internal import Ledger
internal import Posix
internal import Secrets

enum LedgerValues {
  /// Every value with what it is called.
  ///
  /// - Throws: if there is no ledger, or if it holds nothing.
  static func held(_ state: StateOptions) throws -> [(name: String, value: Secret)] {
    let directory = try Surroundings.stateDirectory(state.state)
    // Opening would make one.
    guard Files.exists(directory) else {
      throw Failure(.usage, "there is no ledger in \(directory)", hint: "name the state directory with --state")
    }
    // The configuration, where there is one, says where the install's key lies.
    let ledger = try Wiring.ledger(state, try ConfigurationOptions.parse([]).loadIfAny())
    do {
      var values: [(name: String, value: Secret)] = []
      for rotation in try ledger.openRotations() {
        for label in try ledger.sealedLabels(of: rotation.txid) where label == "old" || label == "new" {
          guard let value = try ledger.sealedValue(label, of: rotation.txid) else { continue }
          values.append(("the \(label) key of \(rotation.key) in the ledger", value))
        }
      }
      guard !values.isEmpty else {
        throw Failure(
          .usage, "the ledger in \(directory) holds no value now",
          hint: "only rotations that have not ended keep values")
      }
      return values
    } catch let error as LedgerError {
      throw Failure(error)
    }
  }
}
