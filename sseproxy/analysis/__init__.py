"""What a person wants to know of an exchange: pure, exchanges in and values out."""
