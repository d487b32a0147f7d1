"""What revision vibestack_0001 is made of."""
