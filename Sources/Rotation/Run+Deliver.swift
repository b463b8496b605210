// Delivery beyond files, journaled like a file's part: what has the new value is not written again, what somebody edited
// stops the key, what can't be reached is tried again by resume.

internal import Secrets

extension RotationRun {
  func deliver(
    _ old: Secret, _ new: Secret, _ conflicts: inout [String], _ obstacles: inout [String]
  ) throws {
    for target in snapshot.deliveries where !isCommitted(target.label) {
      if services.isInterrupted() { throw Interrupted() }
      services.progress("\(snapshot.name): \(target.label)")
      let delivery = Delivery(
        target: target, old: old, new: new, txid: txid, key: snapshot.name, environment: snapshot.environment)
      switch services.deliver(delivery) {
      case .delivered: try advance(.file, fileFacts(target.label, [], "written"))
      case .inPlace: try advance(.file, fileFacts(target.label, [], "in_place"))
      case .obstacle(let reason): obstacles.append("\(target.label): \(reason)")
      case .conflict(let reason):
        conflicts.append("\(target.label): \(reason)")
        var facts = fileFacts(target.label, [], "conflict")
        facts.set("reason", "\(target.label): \(reason)")
        try advance(.file, facts)
      }
    }
  }
}

extension Preflight {
  /// Asks each place, harmlessly, whether it could be written, and whether it holds what it should.
  func rehearseDeliveries(_ services: RotationServices) throws {
    for target in key.deliveries {
      let delivery = Delivery(
        target: target, old: value, new: nil, txid: "", key: key.name, environment: key.environment)
      switch services.deliver(delivery) {
      case .delivered, .inPlace: continue
      case .obstacle(let reason):
        throw RotationRefusal(
          .failure, "\(target.label) could not be tried: \(reason); nothing was changed", hint: "try again later")
      case .conflict(let reason):
        throw RotationRefusal(
          .configuration, "\(target.label): \(reason); nothing was changed",
          hint: "put the key's value there, or take the delivery out of the configuration of '\(key.name)'")
      }
    }
  }
}
