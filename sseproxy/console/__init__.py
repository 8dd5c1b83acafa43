"""What a person sees in a terminal. Nothing else of the package knows of colours or columns."""
