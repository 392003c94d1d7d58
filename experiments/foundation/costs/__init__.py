"""What networks cost: parameters, multiply-adds, memory traffic."""
